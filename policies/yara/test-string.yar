// The test string of the scanner makers (eicar.org), in hexadecimal so that this file is no finding.
rule eicar_test_string
{
    meta:
        description = "EICAR test string"
    strings:
        $ascii = { 58 35 4F 21 50 25 40 41 50 5B 34 5C 50 5A 58 35 34 28 50 5E 29 37 43 43 29 37 7D 24 45 49 43 41 52 }
        $wide = { 58 00 35 00 4F 00 21 00 50 00 25 00 40 00 41 00 50 00 5B 00 34 00 5C 00 50 00 5A 00 58 00 35 00 34 00 }
    condition:
        any of them
}
