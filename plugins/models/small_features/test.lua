local basin = require "basin"

local model, untrained = basin.model "small_features" {}, basin.model "small_features" { pretrained = false }
local function difference(a, b)
  local sum, other = 0, b:parameters()
  for name, value in pairs(a:parameters()) do sum = sum + (value - other[name]):abs():sum():item() end
  return sum
end

-- Three convolutions, three norms, two linear layers; the weights beside the plugin are not the first ones.
assert(model.count == 3 * 32 * 9 + 32 + 32 * 64 * 9 + 64 + 64 * 96 * 9 + 96 + 2 * (32 + 64 + 96) + 96 * 32 + 32 + 32 * 10 + 10)
assert(difference(model, untrained) > 1)
assert(difference(model, basin.model "small_features" {}) == 0)

-- Weights out of a file.
untrained:save "features.safetensors"
assert(difference(untrained, basin.model "small_features" { weights = "features.safetensors" }) == 0)

-- Trained features tell kinds of shape apart, at 32x32 and at 16x16, the size that images are brought to 32x32 from.
local fid = basin.metric "fid" { features = model }
for _, size in ipairs { 16, 32 } do
  local function shapes(seed, classes) return basin.dataset "shapes" { count = 1000, size = size, seed = seed, classes = classes } end
  local near, far = fid:measure(shapes(2, 8), shapes(1, 8)), fid:measure(shapes(2, 1), shapes(1, 8))
  assert(far.low > near.high, ("size %d: near %s, far %s"):format(size, tostring(near), tostring(far)))
  assert(near.protocol.numbers:find "^32 features")
end

local ok, message = pcall(function()
  local grey = basin.dataset "gaussian" { count = 50, size = 8, channels = 1 }
  return fid:measure(grey, grey)
end)
assert(not ok and tostring(message):find("'x' as [B,3,any,any]", 1, true), message)
print "ok"
