-- The supplement: FID at 8, 4 and 3 bits from the same noise for every method and average (its Figure 3), with a grid of
-- samples of each, and supplement.png with eight of some at 32, 8 and 3 bits side by side (as the paper's Figures 2 and 4);
-- what is left of it stands in table3 (its Table 1), figure5 and figure6 (its Figures 1 and 2), and posthoc (its Table 2).
-- Writes supplement-*.png. Also: what flatness does to diversity, which the paper asks in its first section.
local basin = require "basin"
local study = require "study"

local all = { table.unpack(study.rows) }
for _, row in ipairs { { "adam", "pema", "+pEMA" }, { "sam", "pema", "+SAM+pEMA" } } do all[#all + 1] = row end

local recall = basin.metric "precision_recall" { features = study.features }
local rows, diverse = {}, {}
local shown = {}  -- eight images of a method at some bits, row by row
for _, row in ipairs(all) do
  local cells = { row[3] }
  for _, bits in ipairs { 32, 8, 4, 3 } do
    cells[#cells + 1] = study.over_seeds(function(seed)
      local model, run = study.weights(row, seed)
      local fid, images = study.fid(bits == 32 and model or study.quantized(model, run, bits), run, 20)
      if seed == study.seeds[1] then
        images:grid("supplement-" .. row[3]:gsub("[^%w]", "") .. "-" .. bits .. ".png", 8, 3)
        if bits ~= 4 and row[2] ~= "swa" and row[2] ~= "pema" then shown[#shown + 1] = images.pixels[{ { 1, 8 } }] end
      end
      return fid.value
    end)
  end
  rows[#rows + 1] = cells
  diverse[#diverse + 1] = { row[3], study.over_seeds(function(seed)
    local model, run = study.weights(row, seed)
    local _, images = study.fid(model, run, 20)
    local found = recall:measure(images, study.test_images)
    return found.precision, found.recall, found.density, found.coverage
  end) }
end
print("samples: " .. basin.cat(shown):image { path = "supplement.png", columns = 24, scale = 3 })
print(basin.table { columns = { "FID, 20 steps", "32 bits", "8", "4", "3" }, rows = rows })
print(basin.table { columns = { "20 steps", "precision", "recall", "density", "coverage" }, rows = diverse })
study.footer()
