"""A program that has a second thread when it begins to serve: it must not be forked."""

import threading
import time

from gateway.inspection.sandbox.serve import serve

if __name__ == "__main__":
    threading.Thread(target=time.sleep, args=(60,), daemon=True).start()
    serve({})
