"""The type of an uploaded file, with what the type checker needs to know of it."""

from typing import TYPE_CHECKING, TypeAlias

from django.core.files.uploadedfile import UploadedFile

if TYPE_CHECKING:
    Upload: TypeAlias = UploadedFile[bytes]
else:
    Upload = UploadedFile
