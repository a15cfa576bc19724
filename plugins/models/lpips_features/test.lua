local basin = require "basin"

-- What it computes is held to the package's in tests/metrics/lpips.cpp. Weights of torchvision's networks before their
-- classifiers, and one for each channel of the layers.
local before = { alex = 2469696, vgg = 14714688, squeeze = 722496 }
local layers = { alex = 64 + 192 + 384 + 256 + 256, vgg = 64 + 128 + 256 + 512 + 512, squeeze = 64 + 128 + 256 + 384 + 384 + 512 + 512 }
for trunk, count in pairs(before) do
  local model = basin.model "lpips_features" { trunk = trunk }
  assert(model.count == count + layers[trunk], trunk .. ": " .. model.count)
end

local ok, message = pcall(function() return basin.model "lpips_features" { weights = "nowhere.safetensors" } end)
assert(not ok and tostring(message):find("nowhere.safetensors", 1, true), message)
print "ok"
