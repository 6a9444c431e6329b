// Keys made once for the tests, so that no test waits for one to be made. They sign nothing else.
#pragma once

#include <string_view>

namespace haulcast::auth::keys {

// Two issuers, each with a key for RS256 and one for ES256.
inline constexpr std::string_view rsa_private = R"(-----BEGIN PRIVATE KEY-----
MIIEvQIBADANBgkqhkiG9w0BAQEFAASCBKcwggSjAgEAAoIBAQDu8JeNBWcHZsVW
qKhvWqGW350MnoBhsrvu6nqAP6RKpf5BoX7aNGahsBPMRdlG5dR2qzC0hFnLkpxK
EnKTiOjxeB3zCQfpsqncEVBjTyI1T5QHxYvvw1hYm7PTGifJxt7N4+k/JL9h58ri
HyBiRLazIZH3WMUI1Z92Nyfmtl06W9vvPLplTsk9bL5SOaJ9t1DfYAvo9zPYvJ5t
r13lyzaUiTyxtmKDo+XUNS8oYBdEv/v0ZG3Cen9z3hcZevFRwrxV3vO9eai+fnII
v61fJZMwO/HRCzRd18csGyhXz6IJ4deNlC9Cfs8YMyV/dUu9pesecr8euwVDxa3d
QPS86wGtAgMBAAECggEABqnrlBmDONPfK45LGkXtDUPhwaUXAAKH1r8v2O1Nc+6C
s4phOw0skpRSTQdiqqVEwmV+V358cZ6+YJt4mhA+rONUdH97OsOKlLJf61Ec618z
ie7yuuZYC6qV/oxzcR9sfdH+Io5wDvczs5A6Kztu2/qS81LEtf0dNCMQKBFMctDo
uv5O3ohcOB+sKZwS5vkH1/Wk7tK1/cNtvvjR6+aDFuW6v9XdYwXW2Z3DUlAwYCzM
/8okyF/i2TZqgIhzM1vxp+Zb6jfBSEnuzrVr9CW8O/q3n1+YZUJYy/YJmOwaz6zc
GnnApyJb3WS6kvJIWdexFNOz/8bnajh2skNueMqU2QKBgQD3ygaUBJDRsteO+soN
rUozq917GVYMhha82yJQWDy9cYvcLuJmuJhIwbav6GDCiAHUkawqYcuI49JAUomM
cANdYFJvZPj+enqlYlP3LFSXwKwA3gQaSKUKI316bBmoGN9X1i+RBZYQ7FvtRNN4
s1Uye9CGCUzHogVOYg+PPhNraQKBgQD22399+XvJdn+3F9Bu4ra+K349IMachirV
pWFVTehBQ6ZXpJotLlpzp6Uyut25dilQBrakcE/URLmycBxTXZzp0YP/w/ErrXyx
+7jUIJTpaFsWlBrHL5njDXio2V6LW4nmlKSA+wr9Bi+Iq67X9cFOtchPN2jSSotV
9czVVuqvpQKBgCYDYjr28FibPSJ8Kt8qRIXkydeGrYLCV16lp3/36WmOr8wZjTYA
/6u5vBMEbUOqpc08g9MEqbrYaHrhrqRS0tFSY5MfRGuV0pbonMUAkgGt1zVS2gJG
PrttcmSDjPQSzMCm5Sk0WC9Ec13U/zQ3Hszd3cGST6sYmgPKW2S4OzZxAoGAZ0OE
vpbZkHoQjO/aUjhmh4C8KygFzT5Wts6au8t+R6bb87e4gwPr9IuBkIoY7Fcgiwhz
6K/OxRYGtD0vrDPxyuHJHPnDbikBi5aoR5xljooH6JcF6KLh9dgRzFg5s4QUWK9/
bTEW9KdcxQhEeLSmK53hcDnWkHl8dfX/vJLCU70CgYEAjDxMoKGP67NyQfujAo5C
8gTGe5SVAxozhdttKU6GDF+sZJNtdL0DNoZ24BHGRE9vmdxuoibC3evSE3esnyHB
5IMLpWIjg464J3P3Loss0hrugfQUL/ZSxeH9rIgdl616yDMtp8S7VrMx1xnvPDgr
ockkigfOXHexoG/a+tMEnIU=
-----END PRIVATE KEY-----
)";

inline constexpr std::string_view rsa_public = R"(-----BEGIN PUBLIC KEY-----
MIIBIjANBgkqhkiG9w0BAQEFAAOCAQ8AMIIBCgKCAQEA7vCXjQVnB2bFVqiob1qh
lt+dDJ6AYbK77up6gD+kSqX+QaF+2jRmobATzEXZRuXUdqswtIRZy5KcShJyk4jo
8Xgd8wkH6bKp3BFQY08iNU+UB8WL78NYWJuz0xonycbezePpPyS/YefK4h8gYkS2
syGR91jFCNWfdjcn5rZdOlvb7zy6ZU7JPWy+UjmifbdQ32AL6Pcz2Lyeba9d5cs2
lIk8sbZig6Pl1DUvKGAXRL/79GRtwnp/c94XGXrxUcK8Vd7zvXmovn5yCL+tXyWT
MDvx0Qs0XdfHLBsoV8+iCeHXjZQvQn7PGDMlf3VLvaXrHnK/HrsFQ8Wt3UD0vOsB
rQIDAQAB
-----END PUBLIC KEY-----
)";

inline constexpr std::string_view rsa_public_pkcs1 = R"(-----BEGIN RSA PUBLIC KEY-----
MIIBCgKCAQEA7vCXjQVnB2bFVqiob1qhlt+dDJ6AYbK77up6gD+kSqX+QaF+2jRm
obATzEXZRuXUdqswtIRZy5KcShJyk4jo8Xgd8wkH6bKp3BFQY08iNU+UB8WL78NY
WJuz0xonycbezePpPyS/YefK4h8gYkS2syGR91jFCNWfdjcn5rZdOlvb7zy6ZU7J
PWy+UjmifbdQ32AL6Pcz2Lyeba9d5cs2lIk8sbZig6Pl1DUvKGAXRL/79GRtwnp/
c94XGXrxUcK8Vd7zvXmovn5yCL+tXyWTMDvx0Qs0XdfHLBsoV8+iCeHXjZQvQn7P
GDMlf3VLvaXrHnK/HrsFQ8Wt3UD0vOsBrQIDAQAB
-----END RSA PUBLIC KEY-----
)";

inline constexpr std::string_view rsa_certificate = R"(-----BEGIN CERTIFICATE-----
MIIC/zCCAeegAwIBAgIUYqD2XENporXTbTSQfGV21q/brBgwDQYJKoZIhvcNAQEL
BQAwDjEMMAoGA1UEAwwDaWRwMCAXDTI2MTEzMDA0MTA0MloYDzIxMjYxMTA2MDQx
MDQyWjAOMQwwCgYDVQQDDANpZHAwggEiMA0GCSqGSIb3DQEBAQUAA4IBDwAwggEK
AoIBAQDu8JeNBWcHZsVWqKhvWqGW350MnoBhsrvu6nqAP6RKpf5BoX7aNGahsBPM
RdlG5dR2qzC0hFnLkpxKEnKTiOjxeB3zCQfpsqncEVBjTyI1T5QHxYvvw1hYm7PT
GifJxt7N4+k/JL9h58riHyBiRLazIZH3WMUI1Z92Nyfmtl06W9vvPLplTsk9bL5S
OaJ9t1DfYAvo9zPYvJ5tr13lyzaUiTyxtmKDo+XUNS8oYBdEv/v0ZG3Cen9z3hcZ
evFRwrxV3vO9eai+fnIIv61fJZMwO/HRCzRd18csGyhXz6IJ4deNlC9Cfs8YMyV/
dUu9pesecr8euwVDxa3dQPS86wGtAgMBAAGjUzBRMB0GA1UdDgQWBBQKk4SQQK3V
pfaynbtOVlg9JXMiazAfBgNVHSMEGDAWgBQKk4SQQK3VpfaynbtOVlg9JXMiazAP
BgNVHRMBAf8EBTADAQH/MA0GCSqGSIb3DQEBCwUAA4IBAQCNhR8le9zzfoQFxL8H
cM7+frW+mHt6/ZXPo0J7jx4uHZvhwd5oIPpziAMP0JIb9XpC5fMwwWOXXWYkNkwN
FoB34P1xBu6+CpP838mduVFU4WUxmwC3WxVyZBHJkPou/p8hMeL1ug9rdR9kkK3m
aAlGtRT6hu8kU+sirDA0AqmPcrCN+NGWXbYWWZbnNsxgB6ZGqatc5suy4DvBPFA+
HqBMKXktPwjnyYoxnBsVrOzAN6X+kZKdDv9qWtunYC2vQmzi7zKByjd1FqXkMjMK
qq/T8bnRvk6/1+U66bnkyHdfyaEerUHZ1AJjYCvQwV3SHZaBr/CHJRBRUh/eJULl
3Zb4
-----END CERTIFICATE-----
)";

inline constexpr std::string_view other_rsa_private = R"(-----BEGIN PRIVATE KEY-----
MIIEvAIBADANBgkqhkiG9w0BAQEFAASCBKYwggSiAgEAAoIBAQCks2wbf9hPKs5S
Or9PS/aA5OVVeesxN69DTEx3iO41WVpy4Od+G5D1EWfNyN3B9re0uRqJFyB6bYBq
FSOOox2fZODaKXjqO4fce44uEQr5aqvn4+4NPcSrgTbrOZ5+B21cR/t24fUJG7ru
gLpQo3WABL8QdFnLhxyJcd4V/WlWn2o/TqwM7gKAc5TqFA68e3XGyuBzCtbzy8qs
7q4WuapCieYedlcF6bACEu9m5c2KmDu0+icuNgZW4PX3m9IzAiFg+aPtaVpyXlGu
HM8KhjV/Qx73REtF0ASWBA/61CBjEsvxdWXLoNfqX1LCR0d0ud157pCNZsEQ9f99
UfIRkeELAgMBAAECggEAEZPupU6zNNvSMld/xIRMdjw3t7Qv5ExXobyaaqWMGtiC
/UDApCZoBafKZt2ZwVJGD/0zdk8oEbjvHCNObLI+/pyDHPWRKJqa6O6s4YDDJZR7
bV/Xr8UYYN+FD3zSTAwZ4V/zWCBMiSDTBhJqECIp77RR+f0Y+k5cvtSOydUGcY6d
L4BjaYdY9Z8p7E5c+cFZa3GXPWcnxtOMJW38mWhgjWp0uRVzU3oRDGjnMoZt9g3O
PSSt7A1rAYfgTQMvbKz/5mlj4oL80zBlHZs+CiGwr0QESu4Lkw919jqJd1YsAs2v
+XAB7TpY7eeg2MnBKCcCpSL1/fXu8kUSq6vHOLNEEQKBgQDQ+++iKmzz9jeOqVlt
Oc4S7kjYQG2bogzU7l9IPdDOg6fIWhqygyPSLZORwFGMHxl5O36C7wO8Nwq2gp7C
UwoAWd1UsDz9kUxoQv9URDzJ2q2EzvkSlWFr+fyyIOIJZf0R7NLULpjBCGSfMN4L
kCrfLKBidv3IgYyc4RsS6W/8EQKBgQDJwRJmpqc/4M7Fb12QirxZZGS6EykAUguQ
rH47NkJdl6XGmit/lXrDE4Gq70Mvx3rejHtBQNANcXD7OFMAZekQtRQ1xNF44+FQ
WzxiEvSt8h1QQ3m0GeTnyXx65fIKXMl/H7OXxZx19fX9NezZqUv3sLUmYtV+b624
TPVhLgHXWwKBgERV/Xfzk4j6vBQEQF+9BSufi2ZbOvwnMzb1c2a1/+9nkZesDwrM
Yww5JwYD8yZ0jOndkHLUIU6MWQ5xC+TTLnQK7prgvjDUMD3vmno9jfsbbJ3+5+cx
vZeHOSAuLHuSQ/x2ikIjsoN8cRq06gax77LmbtODwVytMAOkgCvg9WNhAoGABaI0
h1VD+k6mt3CipjSZic152pBKZs3jsMiARdsAA2kGogMQD+H2qZfT2RgRQjZJwgke
L/ZFWPq/8uPhvXMbDPJhfBbg2oVSd1H037Az0N+f3evkbBkFAUvpA+2D0rJAliIm
e6hy9ABIPCfTU0ic7G+sv0OnPn6T1T+g4nPMbV0CgYAxdTy3AS2ec8JDoq0lYQ/F
RZhs57Mn0JLVjNaN14k2NjzOnYD+DS8a8aF8X34bzDGCjnNHKE/zv9IfPLJt+BrZ
BzOxrP/j2nr5fqiGWJo8YrpHpm/FstIl2tLjBoU34PJl0XElCTfNOf+JFOMRUWZQ
QAZgAigH2RF4C92RpqCxew==
-----END PRIVATE KEY-----
)";

inline constexpr std::string_view other_rsa_public = R"(-----BEGIN PUBLIC KEY-----
MIIBIjANBgkqhkiG9w0BAQEFAAOCAQ8AMIIBCgKCAQEApLNsG3/YTyrOUjq/T0v2
gOTlVXnrMTevQ0xMd4juNVlacuDnfhuQ9RFnzcjdwfa3tLkaiRcgem2AahUjjqMd
n2Tg2il46juH3HuOLhEK+Wqr5+PuDT3Eq4E26zmefgdtXEf7duH1CRu67oC6UKN1
gAS/EHRZy4cciXHeFf1pVp9qP06sDO4CgHOU6hQOvHt1xsrgcwrW88vKrO6uFrmq
QonmHnZXBemwAhLvZuXNipg7tPonLjYGVuD195vSMwIhYPmj7Wlacl5RrhzPCoY1
f0Me90RLRdAElgQP+tQgYxLL8XVly6DX6l9SwkdHdLndee6QjWbBEPX/fVHyEZHh
CwIDAQAB
-----END PUBLIC KEY-----
)";

inline constexpr std::string_view ec_private = R"(-----BEGIN PRIVATE KEY-----
MIGHAgEAMBMGByqGSM49AgEGCCqGSM49AwEHBG0wawIBAQQgD7tQyvkiZsogcSfy
XqqkMJf4OqN1i11Eohixv3o3gqShRANCAATd1MNSNLQ3it5abyKedWs1uXlMBtX4
BBziZD5IY0DH4Kav2ed6KdlbmnGevYBaneklQxCIJQiiGSouD+lp/BWB
-----END PRIVATE KEY-----
)";

inline constexpr std::string_view ec_public = R"(-----BEGIN PUBLIC KEY-----
MFkwEwYHKoZIzj0CAQYIKoZIzj0DAQcDQgAE3dTDUjS0N4reWm8innVrNbl5TAbV
+AQc4mQ+SGNAx+Cmr9nneinZW5pxnr2AWp3pJUMQiCUIohkqLg/pafwVgQ==
-----END PUBLIC KEY-----
)";

inline constexpr std::string_view other_ec_private = R"(-----BEGIN PRIVATE KEY-----
MIGHAgEAMBMGByqGSM49AgEGCCqGSM49AwEHBG0wawIBAQQg2kwfCg0Neb5hTRAc
2j6VHpWB8Dhx+lgWbUDUrdv999GhRANCAARqBU06T07b9oB7dw9irv/cmXPuu1aO
1aQlyXIBmJ6kkkx7LP03vlaipY3AVH8RU30fa6Vi86/+4U5BsAHFVF68
-----END PRIVATE KEY-----
)";

inline constexpr std::string_view other_ec_public = R"(-----BEGIN PUBLIC KEY-----
MFkwEwYHKoZIzj0CAQYIKoZIzj0DAQcDQgAEagVNOk9O2/aAe3cPYq7/3Jlz7rtW
jtWkJclyAZiepJJMeyz9N75WoqWNwFR/EVN9H2ulYvOv/uFOQbABxVRevA==
-----END PUBLIC KEY-----
)";

// What is never taken.
inline constexpr std::string_view rsa_of_1024_bits = R"(-----BEGIN PUBLIC KEY-----
MIGfMA0GCSqGSIb3DQEBAQUAA4GNADCBiQKBgQCfdBjbyldsfjcNCGYgAMo8hhln
TI4Z4jJFSlFyORO7dG6wpn4F/m1ldnfOzI1qZgb83FvVRRwkD8b4wQV5VRg8y655
KNA5hnEaQyJo6C8va1SSpyEmoxsXtsayxAPlv1gRZIcOW9bDXqQ9eQVrNYVyOGRD
IJw+WQmWVJQbmBeRbwIDAQAB
-----END PUBLIC KEY-----
)";

inline constexpr std::string_view rsa_pss = R"(-----BEGIN PUBLIC KEY-----
MIIBIDALBgkqhkiG9w0BAQoDggEPADCCAQoCggEBAL0BDabJ5oiws4A+WflKVZSK
jOl4CYDEJibjq3+qjTIsPzdvptrJadS5B09O3k2/1c5TfGRUxOvAvWyHipX3Es5K
bLz94Xd/rfwhUdr6qwUwdoGiZgjSxfXKF1rkKoI1VKxIUVJJTez5uN65dA00By6G
xjwZPa6oWfxfwdkZHSMzO53G1I7FsEU8zDmCAixBtxhrMDe18sTGiMbKZBgqzMrs
FDGDhHOBGCt7H5ResJOhO8655zLMwRnjmdtx5D4X00M1vuCVzcmyi3XzPk2i81Jx
//g7uN5iVjUiL2bnJQD7b/dE/LE9lieeKaMOPZuer+swbxNnZSVxvWTy8uQ8ff8C
AwEAAQ==
-----END PUBLIC KEY-----
)";

inline constexpr std::string_view p384 = R"(-----BEGIN PUBLIC KEY-----
MHYwEAYHKoZIzj0CAQYFK4EEACIDYgAEmUVrNrXcULZ4aQfPUVrvBWFl8a1j1ern
4iFvH/OpQOWA5p0aQmZWoe9y8AUNjh5iGaBPIXHTJp76Xm06T4CKp5EqNCez4VFo
ne9Xho5rgNWYIF6nZuJKzKGlSO6zCMXa
-----END PUBLIC KEY-----
)";

inline constexpr std::string_view secp256k1 = R"(-----BEGIN PUBLIC KEY-----
MFYwEAYHKoZIzj0CAQYFK4EEAAoDQgAECu6nS9WroqMZOZuqhrzMvwDB1/ieB3N1
RaHkq8sKScYVgjeGMJMB49RrldqnWNd1WLmJTAx9JLzrPJxbH6g9HQ==
-----END PUBLIC KEY-----
)";

// P-256 with its numbers written out instead of its name.
inline constexpr std::string_view p256_with_parameters = R"(-----BEGIN PUBLIC KEY-----
MIIBSzCCAQMGByqGSM49AgEwgfcCAQEwLAYHKoZIzj0BAQIhAP////8AAAABAAAA
AAAAAAAAAAAA////////////////MFsEIP////8AAAABAAAAAAAAAAAAAAAA////
///////////8BCBaxjXYqjqT57PrvVV2mIa8ZR0GsMxTsPY7zjw+J9JgSwMVAMSd
NgiG5wSTamZ44ROdJreBn36QBEEEaxfR8uEsQkf4vOblY6RA8ncDfYEt6zOg9KE5
RdiYwpZP40Li/hp/m47n60p8D54WK84zV2sxXs7LtkBoN79R9QIhAP////8AAAAA
//////////+85vqtpxeehPO5ysL8YyVRAgEBA0IABN5C2N1dIgJDHPiJsYKxhAqo
yH3niGsEbGnS495OQzUwBAeEvd/7KJjADMRRUZLx5wmUTxLN4d4zIR5Hu0fxAiU=
-----END PUBLIC KEY-----
)";

// The same curve with the key itself as generator: who chooses that knows the private key of it, which is 1.
inline constexpr std::string_view p256_with_another_generator = R"(-----BEGIN PUBLIC KEY-----
MIIBSzCCAQMGByqGSM49AgEwgfcCAQEwLAYHKoZIzj0BAQIhAP////8AAAABAAAA
AAAAAAAAAAAA////////////////MFsEIP////8AAAABAAAAAAAAAAAAAAAA////
///////////8BCBaxjXYqjqT57PrvVV2mIa8ZR0GsMxTsPY7zjw+J9JgSwMVAMSd
NgiG5wSTamZ44ROdJreBn36QBEEE3kLY3V0iAkMc+ImxgrGECqjIfeeIawRsadLj
3k5DNTAEB4S93/somMAMxFFRkvHnCZRPEs3h3jMhHke7R/ECJQIhAP////8AAAAA
//////////+85vqtpxeehPO5ysL8YyVRAgEBA0IABN5C2N1dIgJDHPiJsYKxhAqo
yH3niGsEbGnS495OQzUwBAeEvd/7KJjADMRRUZLx5wmUTxLN4d4zIR5Hu0fxAiU=
-----END PUBLIC KEY-----
)";

inline constexpr std::string_view ed25519 = R"(-----BEGIN PUBLIC KEY-----
MCowBQYDK2VwAyEAf4EJO0FuNvxqKTkVCL/yE9GjMGbkAOmqXAFXONYtm8I=
-----END PUBLIC KEY-----
)";

}  // namespace haulcast::auth::keys
