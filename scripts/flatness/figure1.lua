-- Figure 1: the loss over a plane of two filter-normalised directions, Adam's and SAM's, of the first seed. Writes
-- figure1-adam.png and figure1-sam.png in three dimensions, and figure1-*-contour.png.
local basin = require "basin"
local study = require "study"

local surface = basin.metric "loss_surface" { range = 0.3, points = 15, images = basin.args.images // 4, bands = 0 }
local rows, surfaces, low, high = {}, {}, math.huge, -math.huge
for k, i in ipairs { 1, 7 } do
  local row = study.rows[i]
  local found = surface:measure(study.weights(row, study.seeds[1]), study.test_images)
  rows[k], surfaces[k] = { row[3], found.loss, found.mean_rise, found.lowest }, found
  local values = basin.tensor(found.grids[1].z)
  low, high = math.min(low, values:min():item()), math.max(high, values:max():item())
end
for k, found in ipairs(surfaces) do  -- on one scale
  local name, label = "figure1-" .. study.rows[k == 1 and 1 or 7][1], rows[k][1]
  found:surface { path = name .. ".png", title = label, low = low, high = high }
  found:contour { path = name .. "-contour.png", title = label, low = low, high = high }
end
print(basin.table { columns = { "", "loss", "mean rise over the plane", "lowest loss in it" }, rows = rows })
print "pictures: figure1-adam.png, figure1-sam.png and their contours; axes are shares of the weights' norm"
study.footer()
