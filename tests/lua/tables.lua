-- basin.table: digits that say something, columns that line up, intervals.
local basin = require "basin"

print(basin.table {
  columns = { "method", "loss", "FID", "steps", "note" },
  rows = {
    { "adam", 0.03125, { value = 12.345, low = 11.9, high = 12.8 }, 1500, "first" },
    { "sam 0.1", 0.0309, { value = 9.87, low = 9.5, high = 10.25 }, 3000 },
    { "none", 1 / 0, nil, 10, true },
  },
})
print(basin.table { columns = { "a", "b" }, rows = { { a = 1, b = "x" }, { a = 2.5 } } })
print(basin.table { columns = { "wide", "n" }, rows = { { 1e-7, 1 }, { 12345.678, 2 } } })
print(basin.table { columns = { "é", "n" }, rows = { { "ü", 1 }, { "long", 2 } } })
--> method      loss                FID  steps  note
--> -------  -------  -----------------  -----  -----
--> adam     0.03125  12.3 [11.9, 12.8]   1500  first
--> sam 0.1  0.03090    9.9 [9.5, 10.2]   3000  -
--> none         inf                  -     10  yes
-->     a  b
--> -----  -
--> 1.000  x
--> 2.500  -
-->  wide  n
--> -----  -
--> 1e-07  1
--> 12346  2
--> é     n
--> ----  -
--> ü     1
--> long  2
