"""Uses what python-ldap's module does without a server: DNs, filters, options, controls, connections that fail; prints it all."""
import gc
import sys

import _ldap
import ldap
import ldap.dn
import ldap.filter
from ldap.controls import RequestControl, SimplePagedResultsControl
from ldap.controls.simple import BooleanControl


def outcome(function, *arguments, **named):
    try:
        return repr(function(*arguments, **named))
    except Exception as error:
        return f"{type(error).__name__}: {error}"


print(sorted(n for n in dir(_ldap) if not n.startswith("__")))
print(_ldap.__version__, _ldap.API_VERSION, _ldap.VENDOR_VERSION)
for dn in ["", "cn=a", "cn=a,dc=b", "cn=\\2Ca+sn=b,dc=\u00e4", "cn", "=", "cn=a,", "cn=\ud800", "cn=\u20ac,o=x\\0Ay"]:
    for flags in (0, ldap.DN_FORMAT_LDAPV3, ldap.DN_FORMAT_DCE, ldap.DN_PRETTY, "x"):
        print(ascii(dn), flags, outcome(ldap.dn.str2dn, dn, flags))
print(outcome(_ldap.str2dn), outcome(_ldap.str2dn, 3), outcome(_ldap.str2dn, "cn=a", 0, 0))
print(outcome(_ldap.escape_str) if hasattr(_ldap, "escape_str") else "")
for option in ["OPT_PROTOCOL_VERSION", "OPT_DEREF", "OPT_SIZELIMIT", "OPT_TIMELIMIT", "OPT_REFERRALS", "OPT_NETWORK_TIMEOUT", "OPT_TIMEOUT",
               "OPT_URI", "OPT_API_INFO", "OPT_API_FEATURE_INFO", "OPT_X_TLS_REQUIRE_CERT", "OPT_X_TLS_CACERTFILE", "OPT_DEBUG_LEVEL",
               "OPT_SERVER_CONTROLS", "OPT_CLIENT_CONTROLS", "OPT_X_SASL_MECH", "OPT_DESC", "OPT_HOST_NAME"]:
    number = getattr(ldap, option, None)
    print(option, number, outcome(_ldap.get_option, number))
for option, value in [(ldap.OPT_SIZELIMIT, 5), (ldap.OPT_SIZELIMIT, "5"), (ldap.OPT_NETWORK_TIMEOUT, 1.5), (ldap.OPT_NETWORK_TIMEOUT, None),
                      (ldap.OPT_NETWORK_TIMEOUT, -2), (ldap.OPT_TIMEOUT, "x"), (ldap.OPT_URI, "ldap://127.0.0.1:1"), (ldap.OPT_URI, 3), (-999, 1)]:
    print(option, value, outcome(_ldap.set_option, option, value), outcome(_ldap.get_option, option))
for value in ["ldap://127.0.0.1:1", "ldapi://%2fnowhere", "nothing://x", "", None, 4]:
    print(value, outcome(lambda: type(_ldap.initialize(value)).__name__))

connection = _ldap.initialize("ldap://127.0.0.1:1")
print(type(connection).__name__, type(connection).__base__)
print(sorted(n for n in dir(connection) if not n.startswith("__")))
connection.set_option(ldap.OPT_NETWORK_TIMEOUT, 2.0)
critical = ("1.2.840.113556.1.4.319", True, b"0\x05\x02\x01\x0a\x04\x00")
for call in [lambda: connection.simple_bind("cn=a", "b"), lambda: connection.simple_bind("cn=a", b"b\0c", [critical], None),
             lambda: connection.simple_bind(3, "b"), lambda: connection.search_ext("dc=x", 2, "(a=b)", ["a", "b"], 0, None, None, -1, 0),
             lambda: connection.search_ext("dc=x", 2, "(a=b)", "a"), lambda: connection.search_ext("dc=x", 2, "(a=b)", ["a", 3]),
             lambda: connection.search_ext("dc=x", 2, "(a=b)", None, 0, [("x", 1)]), lambda: connection.search_ext("dc=x", 2, "((", None),
             lambda: connection.add_ext("cn=a", [("cn", [b"a", b"b"]), ("sn", b"c")]), lambda: connection.add_ext("cn=a", [("cn", "text")]),
             lambda: connection.add_ext("cn=a", [("cn",)]), lambda: connection.add_ext("cn=a", 3),
             lambda: connection.modify_ext("cn=a", [(0, "cn", [b"a"]), (1, "sn", None)]), lambda: connection.modify_ext("cn=a", [("x", "cn", None)]),
             lambda: connection.compare_ext("cn=a", "cn", b"x"), lambda: connection.delete_ext("cn=a"), lambda: connection.rename("cn=a", "cn=b"),
             lambda: connection.passwd("cn=a", "b", "c"), lambda: connection.passwd(None, None, None), lambda: connection.extop("1.2.3", b"x"),
             lambda: connection.whoami_s(), lambda: connection.start_tls_s(), lambda: connection.abandon_ext(99), lambda: connection.cancel(3),
             lambda: connection.result4(1, 1, 0.1), lambda: connection.result4("x"),
             lambda: connection.sasl_bind_s("", "EXTERNAL", b""), lambda: connection.sasl_interactive_bind_s("", 3),
             lambda: connection.set_option(ldap.OPT_SERVER_CONTROLS, [critical]), lambda: connection.get_option(ldap.OPT_SERVER_CONTROLS),
             lambda: connection.set_option(ldap.OPT_SERVER_CONTROLS, [("x",)]), lambda: connection.get_option(ldap.OPT_URI)]:
    print(outcome(call))
print(outcome(connection.unbind_ext), outcome(connection.unbind_ext), outcome(connection.simple_bind, "a", "b"))

pages = SimplePagedResultsControl(True, size=10, cookie=b"abc")
print(pages.controlType, pages.criticality, pages.encodeControlValue())
print(outcome(_ldap.encode_page_control, 10, b"c"), outcome(_ldap.encode_page_control, "x", b""), outcome(_ldap.decode_page_control, b"0\x05\x02\x01\x0a\x04\x00"),
      outcome(_ldap.decode_page_control, b"x"))
print(outcome(_ldap.encode_valuesreturnfilter_control, "(a=b)"), outcome(_ldap.encode_assertion_control, "(a=b)"), outcome(_ldap.encode_assertion_control, 3))
print(issubclass(_ldap.NO_SUCH_OBJECT, _ldap.LDAPError), _ldap.NO_SUCH_OBJECT.errnum, _ldap.LDAPError.__mro__, str(_ldap.error is _ldap.LDAPError))
print(BooleanControl("1.2", True, True).encodeControlValue(), RequestControl("1.2", False, b"x").encodedControlValue)
gc.collect()
watched = [sys.getrefcount(o) for o in (type(connection), _ldap.LDAPError)]
for _ in range(200):
    fresh = _ldap.initialize("ldap://127.0.0.1:1")
    outcome(fresh.search_ext, "dc=x", 2, "(a=b)", ["a"])
    outcome(ldap.dn.str2dn, "cn=a,dc=b")
del fresh
gc.collect()
print([abs(sys.getrefcount(o) - n) < 100 for o, n in zip((type(connection), _ldap.LDAPError), watched)])
