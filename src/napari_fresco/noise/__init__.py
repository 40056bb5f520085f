"""How noisy an image is: levels, and the noise model of a camera."""
