"""How answers look: colour, width, tables, figures, words, progress. No command and no gate here.

screen    what the terminal can do          words     phrases in the reader's language
width     columns that a text takes         figures   sizes, durations, instants
table     rows in columns                   states    letter, word and colour of each state
progress  a bar on the error stream         help      --help that fits a screen
"""
