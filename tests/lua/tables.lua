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

-- basin.estimate; 4.302653 and 1.984217 are the 97.5 % quantiles of Student's t with 2 and 99 degrees of freedom, by SciPy.
local three = basin.estimate { 1, 2, 3 }
assert(three.value == 2)
assert(math.abs(three.high - (2 + 4.302652730 / math.sqrt(3))) < 1e-8 and math.abs(three.low + three.high - 4) < 1e-12)
local hundred = {}
for i = 1, 100 do hundred[i] = i % 2 end  -- the squares' sum is 25, the deviation sqrt(25 / 99)
assert(math.abs(basin.estimate(hundred).high - (0.5 + 1.984216952 * math.sqrt(25 / 99 / 100))) < 1e-8)
local one = basin.estimate { basin.estimate { 4, 6 } }
assert(one.value == 5 and one.low == nil and one.high == nil)
print(three, one)
print(select(2, pcall(basin.estimate, {})))
print(select(2, pcall(basin.estimate, { 1, "x" })))
print(select(2, pcall(basin.estimate, { 1, 0 / 0 })))
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
--> 2 [-0, 4]	5
--> tables.lua:26: basin.estimate takes a list of at least one number, one for each seed: basin.estimate { 4.2, 3.9, 4.4 }
--> tables.lua:27: basin.estimate: value 2 must be a number or a result, got the string "x"
--> tables.lua:28: basin.estimate: value 2 is nan, and no mean can hold it
