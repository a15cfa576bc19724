"""Turns a copy of the SDK's headers into what a later minor version might be: next_minor.py sdk/include/basin.

Every struct that is led by its size has another member at its end, every table of functions another function, and there is
an interface more, which optimizers of that SDK cannot do without where BASIN_NEEDS_ORACLE is defined.
"""
import pathlib
import re
import sys

folder = pathlib.Path(sys.argv[1])
grown = 0
for path in folder.glob("*.h"):
    text = path.read_text()

    def grow(match):
        global grown
        if not match[2].lstrip().startswith("uint32_t size;"):
            return match[0]
        grown += 1
        more = "basin_status (*next_minor)(void* self);" if match[1].endswith(("_interface", "_functions")) else "int64_t next_minor[3];"
        return f"typedef struct {match[1]} {{{match[2]}\n  {more}\n}} {match[1]};"

    text = re.sub(r"typedef struct (basin_\w+) \{(.*?)\n\} \1;", grow, text, flags=re.S)
    if path.name == "core.h":
        text = text.replace("#define BASIN_LOG_INTERFACE", """#define BASIN_ORACLE_INTERFACE "basin.oracle.draft/1"
typedef struct basin_oracle_interface {
  uint32_t size;
  basin_status (*ask)(double* out);
} basin_oracle_interface;

#define BASIN_LOG_INTERFACE""", 1)
    path.write_text(text)
if grown < 40:
    sys.exit(f"only {grown} structs were found to grow")

path = folder / "cpp/core.hpp"
text = path.read_text()
text = text.replace("#undef BASIN_CPP_INTERFACE", "BASIN_CPP_INTERFACE(basin_oracle_interface, BASIN_ORACLE_INTERFACE)\n#undef BASIN_CPP_INTERFACE", 1)
text = text.replace("List<basin_options_interface, basin_log_interface,", "List<basin_oracle_interface, basin_options_interface, basin_log_interface,", 1)
path.write_text(text)
path = folder / "cpp/kinds/optimizer.hpp"
text = path.read_text()
text = text.replace("  using Requires = detail::List<basin_options_interface,", """  using Requires = detail::List<
#ifdef BASIN_NEEDS_ORACLE
      basin_oracle_interface,
#endif
      basin_options_interface,""", 1)
path.write_text(text)
