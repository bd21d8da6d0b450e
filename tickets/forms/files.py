"""A field for several files; whether they are acceptable is for the action to say."""

from collections.abc import Sequence
from typing import Any

from django import forms
from django.core.files.uploadedfile import UploadedFile


class SeveralFilesInput(forms.ClearableFileInput):
    """The browser's own control, for more than one file."""

    allow_multiple_selected = True


class FilesField(forms.FileField):
    """Cleans to a list of uploaded files, empty when none was chosen."""

    widget = SeveralFilesInput

    def __init__(self, **options: Any) -> None:
        # An empty file is refused by the action, by its name and with the others.
        super().__init__(allow_empty_file=True, **options)

    def clean(
        self, data: "Sequence[UploadedFile[Any]] | None", initial: Any = None
    ) -> list[UploadedFile[Any]]:
        """Return what was chosen, in the order of the form."""
        return [file for file in data or () if isinstance(file, UploadedFile)]
