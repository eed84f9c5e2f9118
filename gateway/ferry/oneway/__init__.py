"""The lane without a way back: a sender that cannot hear and a receiver that cannot ask. No I/O."""
