"""Methods to choose from: their tasks, models, parameters, presets, and the image for them."""
