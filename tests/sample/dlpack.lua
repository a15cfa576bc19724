-- Weights moved through DLPack are the model's own: the losses are those of sgd, bit for bit.
local basin = require "basin"

local function losses(optimizer)
  local out = {}
  basin.run { name = "dlpack-" .. optimizer, device = "cpu", precision = "fp32" }:train {
    model = basin.model "adm_unet" { image = 8, channels = 32, multipliers = { 1 }, blocks = 1, attention = {} },
    data = basin.dataset "shapes" { count = 64, size = 8 }, process = basin.process "vp", steps = 3, batch = 4,
    optimizer = basin.optimizer(optimizer) { lr = 0.1 }, on_step = function(s) out[#out + 1] = s.loss end,
  }
  return out
end
local a, b = losses "dlpack_descent", losses "sgd"
assert(#a == 3 and a[1] ~= a[3])
for i = 1, 3 do assert(a[i] == b[i], a[i] .. " and " .. b[i]) end
print "ok"
