// Scripts that fetch or unwrap other scripts, whatever file they stand in.
rule powershell_hidden
{
    meta:
        description = "PowerShell with an encoded command or a download that is run at once"
    strings:
        $encoded = /powershell(\.exe)?["'\s][^\r\n]{0,80}-e(nc|ncodedcommand)?\s+[A-Za-z0-9+\/]{40}/ nocase
        $fetch = /(IEX|Invoke-Expression)[\s(]{1,4}\(?\s?New-Object\s+(System\.)?Net\.WebClient/ nocase
    condition:
        any of them
}

rule php_web_shell
{
    meta:
        description = "PHP that runs what it is sent"
    strings:
        $php = "<?php" nocase
        $run = /\b(eval|assert|system|passthru|shell_exec)\s*\(\s*(base64_decode|gzinflate|\$_(GET|POST|REQUEST|COOKIE))/ nocase
    condition:
        $php and $run
}
