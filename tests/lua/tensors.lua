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

print(a)                            --> tensor [2,3] float32 cpu: 1 2 3 4 5 6
print(basin.randn({ 100 }):shape()[1], basin.zeros { 0 })  --> 100	tensor [0] float32 cpu: empty
print(basin.tensor { 1, 2, 3, 4, 5, 6, 700 })  --> tensor [7] float32 cpu: 1 2 3 4 5 6 ..., from 1 to 700
