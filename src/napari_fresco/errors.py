"""Errors and warnings for users: each says what was given, what is allowed and what to do."""

from __future__ import annotations


class FrescoError(ValueError):
    """An error that a user can mend: it says what was given, what is allowed and what to do.

    `in_window`, `in_shell`: the same for those who sit before a window, or type commands; by
        default the message itself.
    """

    def __init__(self, message: object = '', in_window: str = '', in_shell: str = '') -> None:
        super().__init__(message)
        self.in_window = in_window or str(message)
        self.in_shell = in_shell or str(message)


class FrescoWarning(UserWarning):
    """Checks of a result have failed: what is wrong and what to do, a line for each."""


class ImageError(FrescoError):
    """The image has a shape, type or content that cannot be restored."""


class MaskError(FrescoError):
    """The mask does not describe damage in the image."""


class KernelError(FrescoError):
    """The blur kernel is not a usable point spread function."""


class ParameterError(FrescoError):
    """A parameter is unknown, of the wrong type or out of range."""


class MethodError(FrescoError):
    """The method or task is unknown, or the method does not offer the task."""


class WeightsError(FrescoError):
    """A checkpoint is missing, corrupt or of an unknown architecture."""


class DeviceError(FrescoError):
    """The device is absent or ran out of memory."""


class FileError(FrescoError):
    """A file cannot be read, or an output cannot be written."""


class DivergedError(FrescoError):
    """The iteration produced NaN or inf before it had any usable estimate."""
