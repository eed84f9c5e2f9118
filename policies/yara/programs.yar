// Programs that hide in something else. A program that is plainly one is the policy's matter (`type`).
rule program_in_dicom_preamble
{
    meta:
        description = "Windows program whose DOS header is a DICOM preamble"
    condition:
        at_start and uint16(0) == 0x5A4D and uint32(128) == 0x4D434944
}

rule program_in_dicom
{
    meta:
        description = "DICOM object that carries a Windows program"
    strings:
        $stub = "This program cannot be run in DOS mode"
    condition:
        at_start and uint32(128) == 0x4D434944 and $stub
}

rule program_in_document_or_image
{
    meta:
        description = "PDF, RTF or image that carries a program uncompressed"
    strings:
        $stub = "This program cannot be run in DOS mode"
        $elf = { 7F 45 4C 46 (01 | 02) (01 | 02) 01 [9] (02 | 03) 00 (03 | 3E | 28 | B7) 00 }
    condition:
        at_start and
        (uint32be(0) == 0x25504446 or uint32be(0) == 0x89504E47 or uint32be(0) == 0x47494638
            or uint16be(0) == 0xFFD8 or uint32be(0) == 0x7B5C7274 or uint16be(0) == 0x424D)
        and any of them
}

rule windows_shortcut
{
    meta:
        description = "Windows shortcut (.lnk)"
    strings:
        $head = { 4C 00 00 00 01 14 02 00 00 00 00 00 C0 00 00 00 00 00 00 46 }
    condition:
        at_start and $head at 0
}
