"""The parent of the sending guard's sandbox: `python -m gateway.inspection.sending.program`."""

from __future__ import annotations

import gc

from gateway.inspection.sandbox.offline import go_offline

if __name__ == "__main__":
    # What is loaded is no garbage; serve() looks through it once.
    gc.disable()
    go_offline()
    from gateway.inspection.closed_off import taking_apart, taking_several
    from gateway.inspection.rehearsal import rehearse
    from gateway.inspection.sandbox.serve import serve
    from gateway.inspection.sending.readers import READERS

    rehearse(READERS)
    serve({"take apart": taking_apart(READERS), "take several": taking_several(READERS)})
