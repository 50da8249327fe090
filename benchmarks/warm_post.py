"""What a warm POST of a referral costs its client of AWS, as a ratio to two plain writes.

The reference is one PutItem and one PutObject by boto3, of the same bytes, in the same process.
`python -m benchmarks.warm_post [rounds]` prints medians; with `profile`, where the time goes.
"""

from __future__ import annotations

import cProfile
import json
import os
import pstats
import statistics
import subprocess
import sys
import time
from collections import Counter
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import asdict, dataclass
from http import HTTPStatus
from pathlib import Path
from typing import Any, Final
from urllib.request import urlopen

from benchmarks.environment import ROOT, environment, of_function

_ROUNDS: Final = 200
_WARM: Final = 20
_BODY_OF_ITEM: Final = 1500


@dataclass(frozen=True)
class Figures:
    """The medians of one run.

    Attributes:
        plain_ms: CPU of one PutItem and one PutObject.
        first_ms: CPU of a process's first POST, the build included: what a start put off is in it.
        post_ms: CPU of one POST.
        ratio: of the two, round by round.
        calls: of AWS, of one POST.
        resident_mb: after a start and a first POST, before the reference makes clients of its own.
    """

    plain_ms: float
    first_ms: float
    post_ms: float
    ratio: float
    calls: Mapping[str, int]
    resident_mb: float


class _Context:
    function_name = "receive_referral"
    memory_limit_in_mb = 512
    invoked_function_arn = "arn:aws:lambda:us-east-1:123456789012:function:receive_referral"
    aws_request_id = "bench"


@contextmanager
def loopback() -> Iterator[str]:
    """Run the answering process; yield its address."""
    serve = [sys.executable, "-m", "benchmarks.loopback_aws"]
    pipe = subprocess.PIPE
    with subprocess.Popen(serve, stdin=pipe, stdout=pipe, text=True, cwd=ROOT) as server:
        assert server.stdout  # noqa: S101 - it was asked for
        yield f"http://127.0.0.1:{server.stdout.readline().strip()}"
        assert server.stdin  # noqa: S101 - it was asked for
        server.stdin.close()


def plain_writes() -> Callable[[int], None]:
    """Return what writes one item and one object of the size of a referral."""
    import boto3  # noqa: PLC0415 - the measured process chooses its order

    table, bucket = boto3.client("dynamodb"), boto3.client("s3")
    document = _event()["body"].encode()

    def write(number: int) -> None:
        body = document[:_BODY_OF_ITEM]
        item = {"pk": {"S": f"bench#{number}"}, "sk": {"S": "@"}, "body": {"B": body}}
        table.put_item(TableName="t", Item=item, ConditionExpression="attribute_not_exists(pk)")
        bucket.put_object(Bucket="b", Key=f"bench/{number}", Body=document, IfNoneMatch="*")

    return write


def posts() -> Callable[[int], None]:
    """Return what posts one new referral through the function's handler."""
    from receive_referral import handler  # noqa: PLC0415 - the environment comes first

    event = _event()
    order = json.loads(event["body"])
    context: Any = _Context()

    def post(number: int) -> None:
        order["identifier"][0]["value"] = f"BENCH-{number}"
        response: Any = handler({**event, "body": json.dumps(order)}, context)
        if response["statusCode"] != HTTPStatus.CREATED:
            raise RuntimeError(response)

    return post


def _event() -> dict[str, Any]:
    event: dict[str, Any] = json.loads((ROOT / "events/receive_referral.json").read_text())
    return event


def measure(rounds: int, *works: Callable[[int], None], warm: int = _WARM) -> list[list[float]]:
    """Return each work's CPU milliseconds, the works in turn, after some rounds to warm them."""
    taken: list[list[float]] = [[] for _ in works]
    for number in range(rounds + warm):
        for work, found in zip(works, taken, strict=True):
            began = time.process_time()
            work(number)
            spent = (time.process_time() - began) * 1000
            if number >= warm:
                found.append(spent)
    return taken


def _resident_mb() -> float:
    status = Path("/proc/self/status").read_text()
    return int(status.partition("VmRSS:")[2].split()[0]) / 1024


def _calls(address: str) -> Counter[str]:
    """Return which calls came since the last question."""
    return Counter(json.loads(urlopen(address).read()))  # noqa: S310 - our own loopback


def _profiled(post: Callable[[int], None]) -> None:
    measure(0, post)
    profile = cProfile.Profile()
    profile.enable()
    for number in range(_ROUNDS):
        post(10_000 + number)
    profile.disable()
    pstats.Stats(profile).sort_stats("cumtime").print_stats(70)


def figures(rounds: int = _ROUNDS) -> Figures:
    """Measure in a process of its own, whose memory holds nothing else."""
    run = subprocess.run(
        [sys.executable, "-m", "benchmarks.warm_post", str(rounds), "json"],
        env=of_function(),
        check=True,
        capture_output=True,
        text=True,
        cwd=ROOT,
    )
    return Figures(**json.loads(run.stdout.splitlines()[-1]))


def _measured(rounds: int, address: str, post: Callable[[int], None]) -> Figures:
    ((first,),) = measure(1, post, warm=0)
    resident = _resident_mb()
    plain, posted = measure(rounds, plain_writes(), post)
    _calls(address)
    post(rounds + _WARM)
    return Figures(
        plain_ms=statistics.median(plain),
        first_ms=first,
        post_ms=statistics.median(posted),
        ratio=statistics.median(p / w for w, p in zip(plain, posted, strict=True)),
        calls=dict(_calls(address)),
        resident_mb=resident,
    )


def main() -> None:
    """Print the figures."""
    arguments = sys.argv[1:]
    rounds = int(arguments[0]) if arguments and arguments[0].isdigit() else _ROUNDS
    with loopback() as address:
        os.environ |= {
            **environment(),
            "AWS_ENDPOINT_URL": address,
            "TABLE_NAME": "t",
            "DOCUMENTS_BUCKET": "b",
            "POWERTOOLS_LOG_LEVEL": "WARNING",
        }
        post = posts()
        if "profile" in arguments:
            _profiled(post)
            return
        print(json.dumps(asdict(_measured(rounds, address, post))))


if __name__ == "__main__":
    main()
