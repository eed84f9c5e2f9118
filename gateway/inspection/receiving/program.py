"""The parent of the receiving guard's sandbox: `python -m gateway.inspection.receiving.program`."""

from __future__ import annotations

import gc

if __name__ == "__main__":
    # What is loaded is no garbage; serve() looks through it once.
    gc.disable()
    from gateway.inspection.closed_off import taking_apart, taking_several
    from gateway.inspection.receiving.readers import READERS
    from gateway.inspection.rehearsal import rehearse
    from gateway.inspection.sandbox.serve import serve

    rehearse(READERS)
    serve({"take apart": taking_apart(READERS), "take several": taking_several(READERS)})
