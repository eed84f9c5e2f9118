"""The readers and scanners of this machine, for `policy check` and `explain`: a laptop has no clamd."""
from contextlib import contextmanager
@contextmanager
def laptop_inspection(folder, gate):
    raise NotImplementedError
    yield
