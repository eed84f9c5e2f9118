"""Where parsers of hostile data run: one step below the guard, with nothing but the unit's bytes.

    guard --Spawn, one descriptor a child--> pre-loaded parent --fork--> child, closed off
      |                                                                    ^
      +------------- Work, answers, questions: a socket pair --------------+

guard side      sandbox, pool, exchange, endings, preloaded, handle, settings
parent side     serve, closing_off, kernel, landlock
child side      child, filter, limits
both            wire

The parent and the children import none of the guard side.
"""
