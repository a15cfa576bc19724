local basin = require "basin"

-- The numbers are held to scikit-image's and pytorch-msssim's in tests/metrics/pairs.cpp.
local data = basin.dataset "shapes" { count = 30, size = 32, seed = 1 }
local a, b = data:images(1, 30), basin.dataset("shapes", { count = 30, size = 32, seed = 2 }):images(1, 30)
for _, name in ipairs { "ssim", "ms_ssim" } do
  local metric = basin.metric(name, {})
  local same, other = metric:measure(a, a), metric:measure(a, b)
  assert(math.abs(same.value - 1) < 1e-9, tostring(same))
  assert(other.value < 0.9 and other.low < other.value and other.value < other.high, tostring(other))
  assert(math.abs(basin.metric(name, { batch = 7 }):measure(a, b).value - other.value) < 1e-12)
  assert(other.protocol.numbers == "30 pairs" and other.protocol.window:find("11x11", 1, true), other.protocol.window)
end
assert(basin.metric("ms_ssim", {}):measure(a, b).protocol.scales:find "^2, the published weights")
local small = basin.dataset("shapes", { count = 5, size = 8 }):images(1, 5)
for _, name in ipairs { "ssim", "ms_ssim" } do
  assert(basin.metric(name, {}):measure(small, small).protocol.window:find("8x8", 1, true))
end
assert(basin.metric("ms_ssim", {}):measure(small, small).protocol.scales:find "^1, ")

local function refused(what, ...)
  local ok, message = pcall(...)
  assert(not ok and tostring(message):find(what, 1, true), tostring(message))
end
refused("Images of 32x32 have room for a window of 11 at 2 scales, and 5 were wanted", function()
  return basin.metric("ms_ssim", { scales = 5 }):measure(a, b)
end)
refused("there are 30 images and 5 to compare them with", function() return basin.metric("ssim", {}):measure(a, data:images(1, 5)) end)
print "ok"
