"""Takes files by pycurl with all sorts of callbacks, alone, in a multi and with a share; prints what comes and the errors."""
import gc
import io
import os
import sys

import pycurl


def outcome(function, *arguments):
    try:
        return repr(function(*arguments))
    except Exception as error:
        return f"{type(error).__name__}: {error}"


with open("data.txt", "wb") as file:
    file.write(b"abc\n" * 5000)
url = "file://" + os.path.abspath("data.txt")


def transfer(**options):
    curl, body = pycurl.Curl(), io.BytesIO()
    curl.setopt(pycurl.URL, url)
    curl.setopt(pycurl.WRITEFUNCTION, body.write)
    for name, value in options.items():
        curl.setopt(getattr(pycurl, name), value)
    curl.perform()
    result = len(body.getvalue()), curl.getinfo(pycurl.SIZE_DOWNLOAD), curl.getinfo(pycurl.RESPONSE_CODE)
    curl.close()
    return result


headers, steps = [], []
print(outcome(transfer), outcome(lambda: transfer(RANGE="0-99")), outcome(lambda: transfer(URL="file:///nowhere")))
print(outcome(lambda: transfer(HEADERFUNCTION=headers.append)), len(headers))
print(outcome(lambda: transfer(NOPROGRESS=False, XFERINFOFUNCTION=lambda *counts: steps.append(len(counts)))), set(steps))
print(outcome(lambda: transfer(WRITEFUNCTION=lambda data: 0)), outcome(lambda: transfer(WRITEFUNCTION=lambda data: 1 / 0)))
print(outcome(lambda: transfer(DEBUGFUNCTION=lambda kind, text: None, VERBOSE=True)))
curl = pycurl.Curl()
for option, value in [(pycurl.URL, 3), (pycurl.URL, "\u00e4"), (pycurl.URL, b"file:///x"), (pycurl.HTTPHEADER, ["a: b", b"c: d"]), (pycurl.HTTPHEADER, "a"),
                      (pycurl.HTTPHEADER, [3]), (pycurl.TIMEOUT, "x"), (pycurl.TIMEOUT, 2), (pycurl.WRITEFUNCTION, 3), (pycurl.HTTPPOST, [("a", "b")]),
                      (pycurl.HTTPPOST, [("a", (pycurl.FORM_CONTENTS, "x", pycurl.FORM_CONTENTTYPE, "y"))]), (pycurl.HTTPPOST, 3), (-1, 1)]:
    print(option, ascii(value), outcome(curl.setopt, option, value))
print(outcome(curl.unsetopt, pycurl.HTTPHEADER), outcome(curl.errstr), outcome(curl.getinfo, -1), outcome(curl.escape, "a b") if hasattr(curl, "escape") else "")
curl.note = "kept"
print(curl.note, outcome(curl.reset), outcome(curl.perform), outcome(curl.close), outcome(curl.perform))

multi, share = pycurl.CurlMulti(), pycurl.CurlShare()
share.setopt(pycurl.SH_SHARE, pycurl.LOCK_DATA_COOKIE)
bodies = [io.BytesIO() for _ in range(5)]
handles = []
for body in bodies:
    handle = pycurl.Curl()
    handle.setopt(pycurl.URL, url)
    handle.setopt(pycurl.WRITEDATA, body)
    handle.setopt(pycurl.SHARE, share)
    multi.add_handle(handle)
    handles.append(handle)
while multi.perform()[1]:
    multi.select(0.1)
queued, done, failed = multi.info_read()
print(queued, len(done), failed, [len(b.getvalue()) for b in bodies], outcome(multi.add_handle, handles[0]), outcome(multi.fdset))
for handle in handles:
    multi.remove_handle(handle)
print(outcome(multi.remove_handle, handles[0]), outcome(multi.close), outcome(multi.perform))
for kind in pycurl.Curl, pycurl.CurlMulti, pycurl.CurlShare:
    print(kind.__name__, kind.__base__, sorted(n for n in dir(kind) if not n.startswith("__")))
print(len(pycurl.version_info()), pycurl.COMPILE_LIBCURL_VERSION_NUM, issubclass(pycurl.error, Exception))
del handle, handles, bodies
gc.collect()
watched = sys.getrefcount(pycurl.Curl)
for _ in range(100):
    transfer()
gc.collect()
print(abs(sys.getrefcount(pycurl.Curl) - watched) < 5)
