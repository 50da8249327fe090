"""A table of many small objects is read as few files, with each row once."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

import duckdb
import pytest

from local.lake_files import MERGED, MERGES, LakeFiles


class Bucket:
    """Objects by key, and which of them were read."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self.contents: dict[str, bytes] = {}
        self.read: list[str] = []

    def put(self, number: int, day: str = "2026-03-02") -> None:
        file = self._folder / "row.parquet"
        duckdb.sql(f"SELECT {number} AS number, 1.50 AS price").write_parquet(str(file))
        self.contents[f"tenant=a/day={day}/{number:03}.parquet"] = file.read_bytes()

    @property
    def objects(self) -> Mapping[str, str]:
        return {key: str(hash(content)) for key, content in self.contents.items()}

    def get(self, key: str) -> bytes | None:
        self.read.append(key)
        return self.contents.get(key)


@pytest.fixture
def bucket(tmp_path: Path) -> Bucket:
    return Bucket(tmp_path)


@pytest.fixture
def files(tmp_path: Path) -> LakeFiles:
    return LakeFiles(tmp_path / "lake")


def rows(found: list[Path]) -> list[tuple[int, str]]:
    relation = duckdb.read_parquet([str(file) for file in found], hive_partitioning=True)
    return sorted(relation.project("number, day::VARCHAR").fetchall())


def test_each_row_is_there_once_with_its_partition(bucket: Bucket, files: LakeFiles) -> None:
    wanted = [(n, f"2026-03-{2 + n % 2:02}") for n in range(3 * MERGED)]
    for number, day in wanted:
        bucket.put(number, day)
    assert rows(files.of(bucket.objects, bucket.get)) == wanted
    found = files.of(bucket.objects, bucket.get)
    assert rows(found) == wanted
    assert len(found) < MERGED + 3


def test_a_question_waits_for_few_merges(bucket: Bucket, files: LakeFiles) -> None:
    for number in range((MERGES + 2) * MERGED):
        bucket.put(number, f"2026-03-{1 + number % (MERGES + 2):02}")
    counts = [len(files.of(bucket.objects, bucket.get)) for _ in range(3)]
    assert counts == [MERGES + 2 * MERGED, MERGES + 2, MERGES + 2]


def test_an_object_is_read_once_however_often_the_table_is(
    bucket: Bucket, files: LakeFiles
) -> None:
    for number in range(MERGED + 1):
        bucket.put(number)
        assert len(rows(files.of(bucket.objects, bucket.get))) == number + 1
    assert sorted(bucket.read) == sorted(bucket.contents)


def test_what_was_replaced_or_removed_is_as_it_is_now(bucket: Bucket, files: LakeFiles) -> None:
    for number in range(MERGED):
        bucket.put(number)
    before = files.of(bucket.objects, bucket.get)
    first, second, *_ = bucket.contents
    bucket.contents[first] = bucket.contents[second]
    del bucket.contents[second]
    found = [number for number, _ in rows(files.of(bucket.objects, bucket.get))]
    assert found == [1, *range(2, MERGED)]
    assert len(rows(before)) == MERGED  # a query that runs reads on


def test_what_is_gone_by_then_is_asked_for_again(bucket: Bucket, files: LakeFiles) -> None:
    bucket.put(1)
    objects = bucket.objects
    kept = dict(bucket.contents)
    bucket.contents.clear()
    assert files.of(objects, bucket.get) == []
    bucket.contents |= kept
    assert len(rows(files.of(objects, bucket.get))) == 1
