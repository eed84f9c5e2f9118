"""A few words for a hash, so that two people can compare it over the telephone or on paper."""

from __future__ import annotations

from hashlib import sha256
from typing import Final

# 48 bits: whoever wants another text with the same six words tries 2**47 of them.
WORDS_PER_HASH: Final = 6

# One byte a word: common, concrete, five or six letters where possible, none inside another's sound.
_TEXT: Final = """
    acid acorn actor alley amber angel ankle apple apron arrow aspen atlas bacon badge baker
    bamboo banjo barley basil basket beach beaver bell berry bishop blade boat bonfire book
    bottle branch bread brick bridge broom bucket button cabin cactus camel candle canoe canvas
    carbon carpet castle cedar cellar chalk cherry chess chimney cider cinema circle clay cliff
    clock cloud clover cobalt coffee comet copper coral cotton cradle crater cricket crown
    curtain daisy dancer desert diamond dolphin donkey door dragon drum eagle earth echo elbow
    elephant ember engine fabric falcon farmer feather fern fiddle finger flame flute forest
    fossil fountain fox frost galaxy garden garlic ginger giraffe glacier glove goose granite
    grape gravel guitar hammer harbor harvest hazel hedge helmet honey horizon hotel hunter
    igloo island ivory jacket jaguar jasmine jelly jewel jungle kayak kettle kitchen kitten
    ladder lagoon lamp lantern leather lemon leopard letter lily lobster locust lotus lumber
    magnet mango maple marble market meadow melon mirror monkey moose mountain museum mustard
    napkin nectar needle nephew nickel nine noodle north nutmeg oasis ocean olive onion opera
    orbit orchid otter oven oyster paddle palace panda paper parrot pebble pelican pencil
    pepper piano picnic pigeon pillow pilot pirate planet plum pocket pony potato puzzle
    pyramid quartz queen quilt rabbit radio raven ribbon river robin rocket rubber saddle
    saffron salmon sandal satin school shadow silver sister sketch spider spring stable statue
    sugar summer sunset table temple tiger timber tomato tower tractor tulip tunnel turtle
    umbrella valley velvet violin volcano wagon wallet walnut walrus whale window winter yellow
    zebra zigzag
"""
_LIST: Final = tuple(_TEXT.split())


def words_of(data: bytes) -> str:
    """Six words that belong to these bytes: the first six bytes of their SHA-256, one word each."""
    return " ".join(_LIST[byte] for byte in sha256(data).digest()[:WORDS_PER_HASH])
