"""What the cells of workbooks hold, by openpyxl (xlsx), xlrd (xls) and the standard library (ods).

    sheets(path, kind)    name and cells of every sheet: row and column to text

Numbers are the shortest digits that mean the same, dates and times stand as ISO 8601 has them.
"""

import datetime
import re
import xml.etree.ElementTree as xml
import zipfile

import openpyxl
import xlrd

# Namespaces of OpenDocument 1.3, part 3.
TABLE, OFFICE, TEXT = (f"{{urn:oasis:names:tc:opendocument:xmlns:{name}:1.0}}" for name in ("table", "office", "text"))


def sheets(path, kind):
    """All sheets of a workbook."""
    return KINDS[kind](path)


def shown(value):
    """A value of Python as text."""
    if isinstance(value, bool):
        return str(value).upper()
    if isinstance(value, (int, float)):
        return str(int(value)) if value == int(value) else repr(float(value))
    if isinstance(value, datetime.datetime):
        whole = value.time() == datetime.time()
        return value.strftime("%Y-%m-%d" if whole else "%Y-%m-%dT%H:%M:%S") + thousandths(value.microsecond)
    if isinstance(value, datetime.time):
        return value.strftime("%H:%M:%S") + thousandths(value.microsecond)
    if isinstance(value, datetime.timedelta):
        seconds = value.days * 86400 + value.seconds
        return f"{seconds // 3600:02}:{seconds // 60 % 60:02}:{seconds % 60:02}" + thousandths(value.microseconds)
    return str(value)


def thousandths(microseconds):
    """The part of a second, when there is one."""
    rounded = round(microseconds / 1000)
    return f".{rounded:03}" if rounded else ""


def xlsx(path):
    """Sheets by openpyxl."""
    book = openpyxl.load_workbook(path, data_only=True)
    # Only cells that are there: a sheet may say that it is as large as can be.
    cells = lambda sheet: sorted(sheet._cells.items())
    return [(sheet.title, {place: shown(cell.value) for place, cell in cells(sheet) if cell.value is not None})
            for sheet in book.worksheets]


def xls(path):
    """Sheets by xlrd."""
    book = xlrd.open_workbook(path)
    places = lambda sheet: ((row, column) for row in range(sheet.nrows) for column in range(sheet.row_len(row)))
    return [(sheet.name, {place: old(book, sheet.cell(*place)) for place in places(sheet)
                          if sheet.cell(*place).ctype not in (xlrd.XL_CELL_EMPTY, xlrd.XL_CELL_BLANK)})
            for sheet in book.sheets()]


def old(book, cell):
    """A cell of an old workbook as text."""
    if cell.ctype == xlrd.XL_CELL_BOOLEAN:
        return shown(bool(cell.value))
    if cell.ctype == xlrd.XL_CELL_ERROR:
        return xlrd.error_text_from_code[cell.value]
    if cell.ctype == xlrd.XL_CELL_DATE:
        day = cell.value >= 1
        return shown(xlrd.xldate_as_datetime(cell.value, book.datemode) if day else datetime.timedelta(days=cell.value))
    return shown(cell.value)


def ods(path):
    """Sheets by the standard library."""
    with zipfile.ZipFile(path) as package:
        root = xml.fromstring(package.read("content.xml"))
    return [(table.get(f"{TABLE}name"), dict(cells(table))) for table in root.iter(f"{TABLE}table")]


def cells(table):
    """Places and texts of the cells of a table of OpenDocument that hold something."""
    row = 0
    for line in table.iter(f"{TABLE}table-row"):
        column, again = 0, int(line.get(f"{TABLE}number-rows-repeated", "1"))
        for cell in line:
            times = int(cell.get(f"{TABLE}number-columns-repeated", "1"))
            value = open_value(cell)
            if value:
                yield from (((row + down, column + right), value) for down in range(again) for right in range(times))
            column += times
        row += again


def open_value(cell):
    """A cell of OpenDocument as text."""
    kind, get = cell.get(f"{OFFICE}value-type"), lambda name: cell.get(f"{OFFICE}{name}")
    if kind in ("float", "percentage", "currency"):
        return shown(float(get("value")))
    if kind == "boolean":
        return get("boolean-value").upper()
    if kind == "date":
        return shown(datetime.datetime.fromisoformat(get("date-value")))
    if kind == "time":
        hours, minutes, seconds = map(float, re.match(r"PT(\d+)H(\d+)M([\d.]+)S", get("time-value")).groups())
        return shown(datetime.timedelta(hours=hours, minutes=minutes, seconds=seconds))
    if kind == "string":
        return get("string-value") or "\n".join(said(part) for part in cell if part.tag == f"{TEXT}p")
    return ""


def said(part):
    """The text of a paragraph, with its spaces."""
    spaces = {f"{TEXT}s": " " * int(part.get(f"{TEXT}c", "1")), f"{TEXT}tab": "\t", f"{TEXT}line-break": "\n"}
    inside = "".join(said(child) + (child.tail or "") for child in part if child.tag != f"{OFFICE}annotation")
    return spaces.get(part.tag, (part.text or "") + inside)


KINDS = {"xlsx": xlsx, "xls": xls, "ods": ods}
