"""The parent of the sandbox that hands out parts: `python -m gateway.inspection.changing.program`."""

from __future__ import annotations

import gc

from gateway.inspection.sandbox.offline import go_offline

if __name__ == "__main__":
    # What is loaded is no garbage; serve() looks through it once.
    gc.disable()
    go_offline()
    from gateway.inspection.changing.reading import handing_out
    from gateway.inspection.changing.warming import warm
    from gateway.inspection.sandbox.serve import serve

    warm()
    serve({"hand out": handing_out})
