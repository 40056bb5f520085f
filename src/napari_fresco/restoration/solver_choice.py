"""The solver of a plane: that of the method, wrapped as task, options and guides ask for."""

from __future__ import annotations

from ..declare.common_parameters import ArithmeticParameters
from ..physics.window import WindowedBlur
from ..runtime.run import find_solver
from ..runtime.tools import Solver
from ..solvers.along_guides import along_guides
from ..solvers.around_losses import around_losses
from ..solvers.deblurring import doubled, keeping_light, unamplified
from ..solvers.ensemble import eightfold
from ..solvers.on_torus import centred
from .block import Block
from .request import Request


def solver_for(request: Request, block: Block) -> Solver:
    """Return the solver of the method, wrapped as its task and its options ask for."""
    solver = find_solver(request.method)
    if block.problem.kept and request.method.local:
        solver = around_losses(solver)
    if request.params.ensemble:
        solver = eightfold(solver)
    if block.problem.continued and isinstance(request.params, ArithmeticParameters):
        solver = centred(solver)
    if block.problem.guides:
        solver = along_guides(solver)
    if 'kernel' in request.facts.needs and not isinstance(block.problem.degradation, WindowedBlur):
        solver = keeping_light(solver)
    if may_amplify(request, block):
        known = request.inputs.doubling
        if known is None or known.least:
            return unamplified(solver, block.problem.size, known)
        return doubled(solver, known)
    return solver


def may_amplify(request: Request, block: Block) -> bool:
    """Whether too little noise may have been found of a plane whose blur is undone."""
    problem = block.problem
    undoes = 'kernel' in request.facts.needs and not isinstance(problem.degradation, WindowedBlur)
    return undoes and request.inputs.sigma is None and problem.y.ndim == 4
