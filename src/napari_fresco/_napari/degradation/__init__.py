"""Degradation of the image: damage, blur and noise, and its simulation."""
