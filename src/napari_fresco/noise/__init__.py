"""The noise of images: levels, and the noise model of a camera."""
