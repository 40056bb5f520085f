"""The panels that restore: all sections together, and the choices made in them."""
