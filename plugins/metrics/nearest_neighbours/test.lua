local basin = require "basin"

-- The numbers are held to scipy's in tests/metrics/pairs.cpp.
local data = basin.dataset "shapes" { count = 200, size = 16, seed = 1 }
local function search(options) return basin.metric("nearest_neighbours", options) end
for _, options in ipairs { {}, { features = basin.model "small_features" {} } } do
  -- Copies are found, whatever the batch.
  options.batch = 33
  local copies = search(options):measure(data:images(31, 20), data)
  assert(copies.value < 1e-6 and copies.different_neighbours == 20, tostring(copies))
  for i = 1, 20 do assert(copies.curves[2].x[i] == i and copies.curves[2].y[i] == 30 + i, copies.curves[2].y[i]) end
  local new = search(options):measure(basin.dataset("shapes", { count = 50, size = 16, seed = 2 }), data)
  assert(new.closest > 0 and new.low < new.nearest and new.nearest < new.high, tostring(new))
  local total = 0
  for _, count in ipairs(new.curves[1].y) do total = total + count end
  assert(total == 50 and #new.curves[1].y == 20)
  -- The bins have equal width from the least to the largest distance; each is named by its middle.
  local distances, counts = new.curves[3].y, {}
  local low, high = math.min(table.unpack(distances)), math.max(table.unpack(distances))
  for b = 1, 20 do
    counts[b] = 0
    assert(math.abs(new.curves[1].x[b] - (low + (b - 0.5) * (high - low) / 20)) < 1e-9 * high)
  end
  for _, d in ipairs(distances) do
    local b = math.min(math.floor((d - low) / (high - low) * 20) + 1, 20)
    counts[b] = counts[b] + 1
  end
  for b = 1, 20 do assert(new.curves[1].y[b] == counts[b], b) end
end
-- A limit takes every second item, and counts among all.
local every_second = search { limit = 100 }:measure(data:images(31, 20), data)
for i = 1, 20, 2 do assert(every_second.curves[2].y[i] == 30 + i, every_second.curves[2].y[i]) end
assert(every_second.protocol.numbers == "768 pixels, 20 images among 100", every_second.protocol.numbers)

local function refused(what, ...)
  local ok, message = pcall(...)
  assert(not ok and tostring(message):find(what, 1, true), tostring(message))
end
refused("got 200 images and 0 items", function() return search {}:measure(data) end)

-- One picture many times is measured, and said; a single one is nobody's mistake.
local one = basin.dataset "gaussian" { count = 150, size = 16, mean = 0.3, std = 0 }
search({ features = basin.model "small_features" {} }):measure(one, data)
--> warning: nearest_neighbours: all 150 images have the same features; the distance, its interval and the neighbours are those of a single picture.
search({}):measure(one, data)
--> warning: nearest_neighbours: all 150 images have the same pixels; the distance, its interval and the neighbours are those of a single picture.
search({}):measure(data:images(1, 1), data)
print "ok"
--> ok
