"""The store of weights, with a registry of its own and a server on this computer."""
