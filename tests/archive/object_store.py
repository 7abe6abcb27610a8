"""A filesystem as an object store is: objects appear whole when closed, and nothing is renamed."""

from io import BytesIO
from typing import Any

import pyarrow as pa
from pyarrow.fs import FileInfo, FileSelector, FileSystemHandler, FileType


class ObjectStore(FileSystemHandler):
    """Give it to `pyarrow.fs.PyFileSystem`."""

    def __init__(self) -> None:
        self.objects: dict[str, bytes] = {}

    def get_type_name(self) -> str:
        return "objects"

    def normalize_path(self, path: str) -> str:
        return path

    def get_file_info(self, paths: list[str]) -> list[FileInfo]:
        return [
            FileInfo(path, FileType.File, size=len(self.objects[path]))
            if path in self.objects
            else FileInfo(path, FileType.NotFound)
            for path in paths
        ]

    def get_file_info_selector(self, selector: FileSelector) -> list[FileInfo]:
        begin = f"{selector.base_dir}/"
        below = [path for path in self.objects if path.startswith(begin)]
        if not selector.recursive:
            below = [path for path in below if "/" not in path.removeprefix(begin)]
        return self.get_file_info(below)

    def open_input_file(self, path: str) -> Any:
        if path not in self.objects:
            raise FileNotFoundError(path)
        return pa.BufferReader(self.objects[path])

    open_input_stream = open_input_file

    def open_output_stream(self, path: str, metadata: object) -> Any:
        return pa.PythonFile(_Object(self, path), mode="w")

    def create_dir(self, path: str, recursive: bool) -> None:
        """There are none, and none are needed."""

    def _never(self, *_: object) -> Any:
        raise AssertionError("an archive only adds")

    delete_dir = delete_dir_contents = delete_root_dir_contents = delete_file = _never
    move = copy_file = open_append_stream = _never


class _Object(BytesIO):
    def __init__(self, store: ObjectStore, path: str) -> None:
        super().__init__()
        self._store = store
        self._path = path

    def close(self) -> None:
        if not self.closed:
            self._store.objects[self._path] = self.getvalue()
        super().close()
