"""What a text holds: identifiers, words of the site's lists, patterns, codes. Pure; no I/O.

    Text --normalise--> normal form and a map back --identifiers | words | patterns--> Hit (original span)

`search.Searcher` is the door: built once from a plan, asked for every text. Value sets (`codes`) stand
beside it: they answer whether a code exists, they are not searched for. What is done about a hit (refuse,
hold, mask, count) is decided elsewhere.
"""
