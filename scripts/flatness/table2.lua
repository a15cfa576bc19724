-- Table 2: FID of all methods and averages at 20 and 100 sampling steps, and the claims that its text makes of it.
local basin = require "basin"
local study, paper = require "study", require "paper"

local printed = paper.table2[basin.args.dataset]
local rows, mean = {}, { {}, {} }
local fid = { {}, {} }  -- by number of steps, label and seed
for _, row in ipairs(study.rows) do
  local cells, label = { row[3] }, row[3]
  for i, steps in ipairs { 20, 100 } do
    fid[i][label] = {}
    local over = study.over_seeds(function(seed)
      local model, run = study.weights(row, seed)
      fid[i][label][seed] = study.fid(model, run, steps).value
      return fid[i][label][seed]
    end)
    mean[i][label] = over.value
    cells[#cells + 1], cells[#cells + 2] = over, study.printed(printed[label][i])
  end
  rows[#rows + 1] = cells
end
print(basin.table { columns = { "", "FID, 20 steps", "paper", "FID, 100 steps", "paper" }, rows = rows })

-- What a change of the training or of the average does to one seed's FID: trainings of one seed see the same images and noise,
-- so much of what differs between seeds falls out.
local differences = {}
for _, pair in ipairs {
  { "+EMA", "ADM" }, { "+SWA", "+EMA" }, { "+IP", "ADM" }, { "+IP+EMA", "+EMA" }, { "+SAM", "ADM" }, { "+SAM+EMA", "+EMA" },
  { "+SAM+EMA", "+SAM" }, { "+IP", "+SAM" },
} do
  local cells = { pair[1] .. " minus " .. pair[2] }
  for i = 1, 2 do
    cells[#cells + 1] = study.over_seeds(function(seed) return fid[i][pair[1]][seed] - fid[i][pair[2]][seed] end)
    cells[#cells + 1] = study.printed(printed[pair[1]][i] - printed[pair[2]][i], "%+.2f")
  end
  differences[#differences + 1] = cells
end
print(basin.table { columns = { "of one seed", "FID, 20 steps", "paper", "FID, 100 steps", "paper" }, rows = differences })

-- The claims, counted by the means in our table and in the paper's own three.
local function count(name, better)
  local ours, theirs, of = 0, 0, 0
  for i = 1, 2 do
    if better(function(label) return mean[i][label] end) then ours = ours + 1 end
    for _, set in pairs(paper.table2) do
      of = of + 1
      if better(function(label) return set[label][i] end) then theirs = theirs + 1 end
    end
  end
  print(("%-62s ours %d of 2, the paper's own table %d of %d"):format(name, ours, theirs, of))
end
for _, method in ipairs { "", "+IP", "+SAM" } do
  local plain = method == "" and "ADM" or method
  count(plain .. ": EMA improves", function(of) return of(method .. "+EMA") < of(plain) end)
  count(plain .. ": SWA is better than EMA", function(of) return of(method .. "+SWA") < of(method .. "+EMA") end)
end
count("SAM is better than ADM", function(of) return of "+SAM" < of "ADM" end)
count("SAM with an average is the best row", function(of)
  local best = math.min(of "+SAM+EMA", of "+SAM+SWA")
  for _, row in ipairs(study.rows) do
    if of(row[3]) < best then return false end
  end
  return true
end)
count("IP is better than SAM", function(of) return of "+IP" < of "+SAM" end)
study.footer()
