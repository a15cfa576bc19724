local basin, toy = require "basin", require "toy"
local process, refused, close = toy.process, toy.refused, toy.close

local data = basin.dataset "shapes" { count = 2, size = 8 }
local model = basin.model "adm_unet" { image = 8, channels = 32, multipliers = { 1 }, blocks = 1, attention = {} }
local steep = basin.metric "lipschitz" { levels = { 0 }, images = 2, radius = 0.01, iterations = 60 }
assert(steep:measure(model, data, { process = process }).lipschitz == 0)  -- a new network is constant

basin.run { name = "lipschitz-model", device = "cpu", precision = "fp32" }:train {
  model = model, data = data, process = process, steps = 40, batch = 16, optimizer = basin.optimizer "adam" { lr = 3e-3 },
}
local found = steep:measure(model, data)

-- The largest singular value of the whole Jacobian at the noised images, by the power method on J^T J, J row by row.
local function steepest(images, t)
  local sum = 0
  for image = 1, 2 do
    local x0 = images[image]:reshape(1, 3, 8, 8)
    local x = process:noised(x0, basin.randn({ 1, 3, 8, 8 }, image), basin.tensor { t }):require_gradient()
    local y, rows = model(x, t):reshape(192), {}
    for i = 1, 192 do rows[i] = y[i]:gradient(x):reshape(1, 192) end
    local jacobian = basin.cat(rows)
    local v = basin.ones { 192, 1 }
    for _ = 1, 300 do
      v = jacobian:transpose(1, 2):matmul(jacobian:matmul(v))
      v = v / (v ^ 2):sum():sqrt():item()
    end
    sum = sum + (jacobian:matmul(v) ^ 2):sum():sqrt():item() / 2
  end
  return sum
end
close(found.lipschitz, steepest(data:images(1, 2).pixels / 127.5 - 1, 0), 0.03)  -- at t = 0 there is next to no noise
-- Behind it the noise is another one, which changes little. Images of large values: their share alpha counts too.
local large = basin.dataset "gaussian" { count = 2, size = 8, std = 5 }
for _, t in ipairs { 500, 800 } do
  local there = basin.metric("lipschitz", { levels = { t }, images = 2, radius = 0.01, iterations = 60 }):measure(model, large)
  close(there.lipschitz, steepest(large:read(1, 2), t), 0.1)
end

-- What it keeps is the best of all iterations: more of them are never less, as far as the image may move.
local before = 0
for iterations = 1, 8 do
  local far = basin.metric("lipschitz", { levels = { 500 }, images = 2, radius = 100, iterations = iterations }):measure(model, data)
  assert(far.lipschitz >= before, iterations)
  before = far.lipschitz
end

-- More of the process: a curve of nine levels, the mean of which is the value.
local all = basin.metric("lipschitz", { images = 2 }):measure(model, data)
local mean = 0
for _, y in ipairs(all.curves[1].y) do mean = mean + y / 9 end
for i, t in ipairs(all.curves[1].x) do assert(t == (2 * i - 1) * 999 // 18) end  -- the middles of nine equal parts
close(all.lipschitz, mean, 1e-9)

refused("measures a model", function() return steep:measure(data, data) end)
refused("ends at 999", function() return basin.metric("lipschitz", { levels = { 1000 } }):measure(model, data) end)
print "ok"
