"""A time limit ends what it surrounds, whatever the code inside does with one interrupt."""

import signal
import threading
import time

import pytest

from medseg.runtime import time_limit


def loop_without_end(swallows=0):
    while True:
        try:
            while True:
                pass
        except KeyboardInterrupt:
            if swallows == 0:
                raise
            swallows -= 1


@pytest.mark.parametrize("swallows", [0, 1, 2])
def test_it_ends_a_loop_that_swallows_interrupts(swallows):
    with pytest.raises(TimeoutError, match="it took longer"), time_limit(0.1):
        loop_without_end(swallows)


def test_it_ends_a_loop_where_interrupts_are_ignored():
    former = signal.signal(signal.SIGINT, signal.SIG_IGN)
    try:
        with pytest.raises(TimeoutError), time_limit(0.1):
            loop_without_end()
        assert signal.getsignal(signal.SIGINT) == signal.SIG_IGN
    finally:
        signal.signal(signal.SIGINT, former)


def test_of_two_the_shorter_one_ends_it():
    for outer, inner in [(60, 0.1), (0.1, 60)]:
        limits = time_limit(outer), time_limit(inner)
        with pytest.raises(TimeoutError, match=r"than 0\.1 s"), limits[0], limits[1]:
            loop_without_end()


def test_what_ends_in_time_is_left_alone():
    with time_limit(60):
        result = sum(range(10))
    with pytest.raises(KeyError), time_limit(60):
        raise KeyError
    with pytest.raises(KeyboardInterrupt), time_limit(60):
        raise KeyboardInterrupt  # the reader's own
    assert result == 45
    assert not [t for t in threading.enumerate() if t.name.startswith("time limit")]


def test_another_thread_has_no_limit():
    ended = []

    def work():
        with time_limit(0.01):
            time.sleep(0.1)
            ended.append(True)

    thread = threading.Thread(target=work)
    thread.start()
    thread.join()
    assert ended == [True]
