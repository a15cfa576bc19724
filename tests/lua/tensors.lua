-- Tensors: arithmetic, broadcasting, reductions, indexing, gradients, printing.
local basin = require "basin"
local a = basin.tensor { { 1, 2, 3 }, { 4, 5, 6 } }

local function equal(x, y)
  if type(x) == "table" then
    assert(#x == #y)
    for i = 1, #x do equal(x[i], y[i]) end
  else
    assert(x == y, tostring(x) .. " is not " .. tostring(y))
  end
end

equal(a:shape(), { 2, 3 })
equal(#a, 2)
equal((a + 1):totable(), { { 2, 3, 4 }, { 5, 6, 7 } })
equal((10 - a):totable(), { { 9, 8, 7 }, { 6, 5, 4 } })
equal((a * a):totable(), { { 1, 4, 9 }, { 16, 25, 36 } })
equal((a ^ 2):totable(), (a * a):totable())
equal((2 ^ a):totable(), { { 2, 4, 8 }, { 16, 32, 64 } })
equal((a / 2):totable(), { { 0.5, 1, 1.5 }, { 2, 2.5, 3 } })
equal((-a):totable(), { { -1, -2, -3 }, { -4, -5, -6 } })
equal((a + basin.tensor { 10, 20, 30 }):totable(), { { 11, 22, 33 }, { 14, 25, 36 } })
equal((a * basin.tensor { { 1 }, { 2 } }):totable(), { { 1, 2, 3 }, { 8, 10, 12 } })

-- A number neither widens float32 nor turns integers into something else.
equal((a * 0.5).dtype, "float32")
local n = basin.tensor({ 1, 2 }, "int64")
equal((n + 1).dtype, "int64")
equal((n * 0.5).dtype, "float32")
equal(basin.tensor({ 1 }, "float64").dtype, "float64")

equal(a:sum():item(), 21)
equal(a:sum(1):totable(), { 5, 7, 9 })
equal(a:sum(2):totable(), { 6, 15 })
equal(a:sum(-1):totable(), { 6, 15 })
equal(a:sum { 1, 2 }:item(), 21)
equal(a:mean(2):totable(), { 2, 5 })
equal(a:max():item(), 6)
equal(a:min(1):totable(), { 1, 2, 3 })
equal(a[2]:totable(), { 4, 5, 6 })
equal(a[2][3]:item(), 6)
equal(a[-1][-1]:item(), 6)
equal(a:reshape(3, -1):totable(), { { 1, 2 }, { 3, 4 }, { 5, 6 } })
equal(a:transpose(1, 2):totable(), { { 1, 4 }, { 2, 5 }, { 3, 6 } })
equal(a:matmul(a:transpose(1, 2)):totable(), { { 14, 32 }, { 32, 77 } })
equal(a:clamp(2, 5):totable(), { { 2, 2, 3 }, { 4, 5, 5 } })
equal(a:clamp(nil, 2):totable(), { { 1, 2, 2 }, { 2, 2, 2 } })
equal((a - 3):abs():totable(), { { 2, 1, 0 }, { 1, 2, 3 } })
assert((basin.tensor { 0, 1 }:exp():log() - basin.tensor { 0, 1 }):abs():max():item() < 1e-6)  -- the last place is free
equal(basin.tensor { 4, 9 }:sqrt():totable(), { 2, 3 })
equal(basin.zeros { 2, 2 }:totable(), { { 0, 0 }, { 0, 0 } })
equal(basin.ones({ 2 }):totable(), { 1, 1 })
equal(basin.tensor(7):item(), 7)
equal(basin.tensor({ { { 1 } } }):shape(), { 1, 1, 1 })

-- randn is a function of seed and shape.
local r = basin.randn({ 4, 256 }, 7)
equal(r:totable(), basin.randn({ 4, 256 }, 7):totable())
assert((r - basin.randn({ 4, 256 }, 8)):abs():max():item() > 0.1)
assert(math.abs(r:mean():item()) < 0.1 and math.abs((r ^ 2):mean():item() - 1) < 0.2)

-- Gradients, and gradients of gradients.
local x = basin.tensor { 1, 2, 3 }:require_gradient()
local y = (x ^ 3):sum()
local g = y:gradient(x, true)
equal(g:totable(), { 3, 12, 27 })
equal(g:gradient(x):totable(), { 6, 12, 18 })
equal(y:gradient(basin.tensor { 1 }:require_gradient()):totable(), { 0 })
assert(not pcall(function() return x:detach():gradient(x) end))

-- Indexing by numbers and ranges is a view: what is written there is written to the tensor it came from.
local w = basin.zeros { 3, 4 }
w[2] = 5
w[{ {}, { 2, 3 } }] = basin.tensor { { 1, 2 }, { 3, 4 }, { 5, 6 } }
w[-1][-1] = 9
equal(w:totable(), { { 0, 1, 2, 0 }, { 5, 3, 4, 5 }, { 0, 5, 6, 9 } })
w[w:gt(4)] = -1
w[basin.tensor({ 1, 3 }, "int64")] = { 7, 8, 9, 10 }
w[{ 2, basin.tensor({ 4 }, "int64") }] = 3.5
equal(w:totable(), { { 7, 8, 9, 10 }, { -1, 3, 4, 3.5 }, { 7, 8, 9, 10 } })
local row, taken = w[1], w[basin.tensor({ 1 }, "int64")]
row[{}] = 0
equal(w[1]:sum():item(), 0)
equal(taken:sum():item(), 34)  -- a copy
w[{}] = w * 2
equal(w[3]:totable(), { 14, 16, 18, 20 })
local copy = basin.tensor(w)
copy[1] = 1
equal(w[1]:sum():item(), 0)

-- Lua's own comparisons: == of whole tensors, < of single numbers; any() and all() are booleans.
assert(a ~= basin.process "vp" and a == a * 1 and a ~= a + 1 and a ~= basin.ones { 2 })
assert(a[1][1] < 2 and a[2][3] >= 6 and a:sum() > 20 and not (a[1][2] <= 1))
assert(a:gt(0):all() == true and a:isnan():any() == false)

-- Types and conversions.
equal((a:gt(2)).dtype, "bool")
equal(basin.tensor({ true, false }).dtype, "bool")
equal(basin.tensor({ true, false }):totable(), { true, false })
equal(basin.zeros({ 2 }, "int64").dtype, "int64")
equal(a:to("float64").dtype, "float64")
equal(a:to("cpu").device, "cpu")
equal(basin.tensor({ { 1.5, 2 } }, "int32"):totable(), { { 1, 2 } })
equal(math.type(n:totable()[1]), "integer")
equal(math.type(n[1]:item()), "integer")
equal(a.dims + a.count, 8)
equal(basin.tensor { a[1][2], a:max() }:totable(), { 2, 6 })
local uniform = basin.rand({ 1000 }, 3)
assert(uniform:min() > 0 and uniform:max() < 1 and (uniform:mean() - 0.5):abs() < 0.05)

-- What is wrong is said.
local function refused(what, f)
  local ok, message = pcall(f)
  assert(not ok and message:find(what, 1, true), tostring(message))
end
refused("index 4 is outside dimension 2, 1 to 3", function() return a[{ 1, 4 }] end)
refused("index 0 is outside the first dimension, 1 to 2", function() return a[0] end)
refused("the index has 3 entries, and the tensor 2 dimensions", function() return a[{ 1, 1, 1 }] end)
refused("{} is all; to the end is { first, -1 }", function() return a[{ { 2 } }] end)
refused("the step of a range is at least 1, got -1; t:flip turns around", function() return a[{ {}, { 3, 1, -1 } }] end)
refused("does not fit tensor [2,3] float32 cpu", function() return a[basin.ones { 3, 3 }:gt(0)] end)
refused("a:lt(b) compares element by element", function() return a < a end)
refused("the fields of a tensor cannot be set; t[1] = 0 sets elements", function() a.dtype = 3 end)
refused("did you mean 'reshape'?", function() return a:reshpe(3, 2) end)
refused("tensor:to takes a type or a device, got 'flot32'; did you mean 'float32'?", function() return a:to "flot32" end)
refused("'dtype' must be \"float32\", \"float64\"", function() return basin.zeros({ 1 }, "float") end)
refused("permute takes all 2 dimensions", function() return a:permute(1) end)
refused("'n' must be at least 0, got -1", function() return basin.eye(-1) end)
refused("numbers or booleans, not both", function() return basin.tensor { 1, true } end)

local shape = a:shape()
print(shape, a:sum():shape())  --> { 2, 3 }	{}
assert(#shape == 2 and table.concat(shape, "x") == "2x3" and select("#", table.unpack(shape)) == 2)
for i, size in ipairs(shape) do assert(size == i + 1) end
assert(basin.zeros(shape):reshape(shape):shape()[2] == 3 and basin.tensor(shape):sum():item() == 5)
table.insert(shape, "x")
assert(tostring(shape) == "{ 2, 3, x }")
print(a)
--> tensor [2,3] float32 cpu, 1 to 6
-->   1  2  3
-->   4  5  6
print(basin.randn({ 100 }):shape()[1], basin.zeros { 0 })  --> 100	tensor [0] float32 cpu: empty
print(basin.range(1, 12) ^ 2)
--> tensor [12] float32 cpu, 1 to 144
-->     1    4    9   16   25   36   49   64   81  100  ...
print(basin.tensor { 1, 0 / 0, -2.5 })
--> tensor [3] float32 cpu, -2.5 to 1, 1 not finite
-->      1   nan  -2.5
print(a:sum(), basin.zeros { 2, 3, 4 })  --> tensor [] float32 cpu: 21	tensor [2,3,4] float32 cpu, 0 to 0, mean 0

-- Random integers.
local dice = basin.randint({ 6000 }, 1, 6)
local counts = dice:histogram(6)
assert(dice.dtype == "int64" and dice:min():item() == 1 and dice:max():item() == 6 and counts:sum():item() == 6000)
assert(counts:min():item() > 850 and counts:max():item() < 1150, "1000 each, give or take 5 standard deviations")
assert(dice == basin.randint({ 6000 }, 1, 6) and dice ~= basin.randint({ 6000 }, 1, 6, 1))
equal(basin.randint({ 3 }, -2, -2):totable(), { -2, -2, -2 })
equal((basin.permutation(50):sort()):totable(), basin.range(1, 50):totable())
assert(basin.permutation(50) ~= basin.range(1, 50, 1, "int64") and basin.permutation(50) ~= basin.permutation(50, 1))
assert(basin.permutation(0).count == 0 and basin.randn({ 2 }, 0, "float64").dtype == "float64")
refused("basin.randint draws from 'first' to 'last', and 1 is below 3", function() basin.randint({ 2 }, 3, 1) end)
refused("t.T is of a matrix, and this is tensor [3] float32 cpu", function() return a[1].T end)
refused("dot is of two vectors of one length", function() return a:dot(a) end)
refused("from a finite 'low' to a finite 'high' that is not below it, got 2 to 1", function() a:histogram(3, 2, 1) end)

-- Pictures.
assert(basin.randn { 3, 8, 8 }:image "noise.png" == "noise.png")
assert(a:image { path = "deep/heat.png", low = 1, high = 6, scale = 4 } == "deep/heat.png")
assert(a:plot { path = "rows.png", names = { "one", "two" }, x = { 1, 2, 3 }, title = "rows" } == "rows.png")
assert(a[1]:plot() == "plot.png" and a:gt(3):image() == "image.png")
for _, file in ipairs { "noise.png", "deep/heat.png", "rows.png", "plot.png", "image.png" } do
  local f <close> = assert(io.open(file, "rb"))
  assert(f:read(8) == "\x89PNG\r\n\x1a\n", file)
end
-- The pixels are the numbers: read back as a data set, black at `low` and white at `high`.
basin.tensor { { 0, 1 }, { 0.5, 2 } }:image { path = "grey/one.png", low = 0, high = 1, scale = 1 }
local read = basin.dataset "image_folder" { root = "grey", size = 2 }:images(1).pixels
equal(read:totable()[1][1], { { 0, 255 }, { 128, 255 } })
refused("an image is a tensor [H,W], [C,H,W] or [N,C,H,W] with 1 or 3 channels", function() a[1]:image() end)
refused("'x' has 2 numbers, and the curves have 3", function() a:plot { x = { 1, 2 } } end)
refused("tensor:plot has no option 'titel'; did you mean 'title'?", function() a:plot { titel = "x" } end)
