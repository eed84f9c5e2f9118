// Documents that do something by themselves when they are opened.
rule office_macro_runs_by_itself
{
    meta:
        description = "old Office document or macro project with a macro that runs when it is opened"
    strings:
        $project = "_VBA_PROJECT" wide
        $open1 = "AutoOpen" nocase
        $open2 = "Auto_Open" nocase
        $open3 = "AutoExec" nocase
        $open4 = "Document_Open" nocase
        $open5 = "Workbook_Open" nocase
        $open6 = "Document_Close" nocase
    condition:
        at_start and uint32be(0) == 0xD0CF11E0 and $project and any of ($open*)
}

rule pdf_runs_script
{
    meta:
        description = "PDF with a script or program that runs when it is opened"
    strings:
        $script1 = /\/(J|#4[Aa])(S|#53)[\s(<\/]/
        $script2 = "/JavaScript"
        $launch = /\/Launch[\s\/<(>]/
        $open1 = "/OpenAction"
        $open2 = /\/AA[\s<\/]/
    condition:
        at_start and uint32be(0) == 0x25504446 and
        ($launch or (any of ($script*) and any of ($open*)))
}

rule rtf_object
{
    meta:
        description = "RTF with an embedded object"
    strings:
        $head = "{\\rt"
        $object = /\\obj(data|ocx|html|link|update)/ nocase
    condition:
        at_start and $head at 0 and $object
}

rule office_dde
{
    meta:
        description = "Word document part with a field that starts a program"
    strings:
        $field = "instrText"
        $dde = /\bDDE(AUTO)?\s/
    condition:
        $field and $dde
}
