local basin = require "basin"

-- The number is held to scikit-image's in tests/metrics/pairs.cpp.
local psnr = basin.metric("psnr", {})
local data = basin.dataset "shapes" { count = 40, size = 16, seed = 1 }
local other = basin.dataset "shapes" { count = 40, size = 16, seed = 2 }
local a, b = data:images(1, 40), other:images(1, 40)
local found = psnr:measure(a, b)
assert(found.low < found.psnr and found.psnr < found.high and found.identical == 0, tostring(found))
assert(found.psnr > 0 and found.psnr < 40 and found.protocol.numbers == "40 pairs")
assert(psnr:measure(a, other).psnr == found.psnr)  -- a data set in the place of images
assert(psnr:measure(b, a).psnr == found.psnr)

local function refused(what, ...)
  local ok, message = pcall(...)
  assert(not ok and tostring(message):find(what, 1, true), tostring(message))
end
refused("All 40 pairs are identical", function() return psnr:measure(a, a) end)
refused("there are 40 images and 39 to compare them with", function() return psnr:measure(a, other:images(1, 39)) end)
refused("there are 40 images and 0 to compare them with", function() return psnr:measure(a) end)
refused("the images that it is compared with have [3, 8, 8]", function()
  return psnr:measure(a, basin.dataset("shapes", { count = 40, size = 8 }):images(1, 40))
end)
print "ok"
