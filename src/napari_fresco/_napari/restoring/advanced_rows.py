"""The rows of the folded section *Advanced*, below the others in every panel."""

from __future__ import annotations

from ..degradation.damage_section import DamageSection
from ..methods.input_section import InputSection
from ..widgets.form import Form

_OF_DAMAGE = ('mask_label', 'mask_invert', 'filled', 'boundary', 'kernel_position')


def advanced_rows(image: InputSection, damage: DamageSection) -> Form:
    """Return the rows of both sections that few need, taken out of them."""
    form = Form()
    form.adopt(image.rows['reference'])
    for name in _OF_DAMAGE:
        if name in damage.rows:
            form.adopt(damage.rows[name])
    return form
