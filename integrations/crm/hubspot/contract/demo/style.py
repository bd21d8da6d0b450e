"""The stylesheet of the Demo CRM: plainly another product than the portal."""

STYLE = """
:root { color-scheme: light dark; --ink: #26211c; --soft: #6b6259; --paper: #faf7f2;
  --card: #fff; --line: #e4ddd3; --accent: #b4472a; --accent-ink: #fff; --good: #1d6b46;
  --bad: #a3282b; --good-tint: #e6f3ec; --bad-tint: #fbe9e7; --field: #fff; }
@media (prefers-color-scheme: dark) { :root { --ink: #f0ebe4; --soft: #b3a99d; --paper: #1d1a17;
  --card: #272320; --line: #423b35; --accent: #f08a6a; --accent-ink: #1d1a17; --good: #7fd1a5;
  --bad: #f2928c; --good-tint: #1f3329; --bad-tint: #3d2523; --field: #1d1a17; } }
* { box-sizing: border-box; }
body { margin: 0; background: var(--paper); color: var(--ink);
  font: 16px/1.5 system-ui, "Segoe UI", Roboto, sans-serif; }
header { display: flex; flex-wrap: wrap; align-items: center; gap: 4px 28px;
  padding: 12px clamp(16px, 4vw, 40px); background: var(--card);
  border-bottom: 3px solid var(--accent); }
.brand { display: inline-flex; align-items: center; gap: 10px; font-weight: 700; font-size: 18px;
  color: var(--ink); text-decoration: none; }
.mark { width: 20px; height: 20px; border-radius: 50% 50% 50% 4px; background: var(--accent); }
nav { display: flex; flex-wrap: wrap; gap: 4px clamp(14px, 2vw, 24px); }
nav a { color: var(--soft); text-decoration: none; padding: 6px 0; }
nav a:hover { color: var(--accent); text-decoration: underline; }
.standin { margin: 0; padding: 8px clamp(16px, 4vw, 40px); font-size: 14px; color: var(--soft);
  border-bottom: 1px dashed var(--line); }
.alarm { margin: 0; padding: 10px clamp(16px, 4vw, 40px); background: var(--bad-tint);
  color: var(--bad); font-weight: 600; }
main { max-width: 960px; margin: 0 auto; padding: 24px clamp(16px, 4vw, 40px) 64px; }
h1 { margin: 0; font-size: 26px; line-height: 1.25; overflow-wrap: anywhere; }
h2 { margin: 0 0 4px; font-size: 17px; grid-column: 1 / -1; }
a { color: var(--accent); }
.head { display: flex; flex-wrap: wrap; align-items: baseline; justify-content: space-between;
  gap: 8px 24px; margin-bottom: 8px; }
.hint { color: var(--soft); max-width: 65ch; margin: 4px 0 20px; }
.id, .domain, .caption { color: var(--soft); font-size: 14px; }
.domain { display: block; }
.caption { display: block; margin-bottom: 4px; }
.none { color: var(--soft); font-size: 14px; }
table { width: 100%; border-collapse: collapse; background: var(--card);
  border: 1px solid var(--line); border-radius: 8px; }
th { text-align: left; font-size: 13px; font-weight: 600; color: var(--soft); }
th, td { padding: 10px 14px; border-bottom: 1px solid var(--line); vertical-align: top; }
tr:last-child td { border-bottom: 0; }
tbody tr:hover { background: color-mix(in srgb, var(--accent) 5%, transparent); }
td a { font-weight: 600; }
.number { text-align: right; font-variant-numeric: tabular-nums; white-space: nowrap; }
.tier { display: inline-block; padding: 1px 10px; border-radius: 12px; font-size: 14px;
  font-weight: 600; border: 1px solid var(--line); white-space: nowrap; }
.tier::before { margin-right: 7px; }
.tier.enterprise::before { content: "◆"; } .tier.professional::before { content: "■"; }
.tier.starter::before { content: "●"; }
.card { background: var(--card); border: 1px solid var(--line); border-radius: 8px;
  padding: 18px 20px; margin: 16px 0; }
.tierline { display: flex; flex-wrap: wrap; justify-content: space-between; align-items: center;
  gap: 14px; }
.tierline .tier { font-size: 17px; padding: 3px 14px; border-radius: 16px; }
.grid { display: grid; grid-template-columns: repeat(2, minmax(0, 1fr)); gap: 14px 20px; }
label { display: block; font-size: 14px; font-weight: 600; }
label.big, .grid > button { grid-column: 1 / -1; }
input:not([type=radio], [type=checkbox]), select { display: block; width: 100%; margin-top: 4px;
  padding: 8px 10px; min-height: 42px; font: inherit; font-size: 16px; font-weight: 400;
  color: inherit;
  background: var(--field); border: 1px solid color-mix(in srgb, var(--soft) 65%, transparent);
  border-radius: 6px; }
.big input { font-size: 22px !important; font-weight: 600 !important; }
:focus-visible { outline: 3px solid color-mix(in srgb, var(--accent) 55%, transparent);
  outline-offset: 2px; }
button, .button { display: inline-block; min-height: 42px; padding: 8px 20px; border: 0;
  border-radius: 6px; background: var(--accent); color: var(--accent-ink); font: inherit;
  font-weight: 600; text-decoration: none; cursor: pointer; justify-self: start; }
.plain { background: transparent; color: var(--accent); border: 1px solid currentColor; }
summary { cursor: pointer; font-weight: 600; min-height: 28px; }
details > form { margin-top: 14px; }
.inline { display: flex; flex-wrap: wrap; align-items: end; gap: 12px; }
.inline label { flex: 1 1 220px; }
.find { display: flex; gap: 8px; } .find input { margin: 0; width: 200px; }
.notice { padding: 10px 16px; border-radius: 6px; margin: 0 0 18px; }
.notice.good { background: var(--good-tint); color: var(--good); }
.notice.bad { background: var(--bad-tint); color: var(--bad); }
.ok { color: var(--good); font-weight: 600; } .fail { color: var(--bad); font-weight: 600; }
.empty { color: var(--soft); padding: 8px 14px; }
.bin { list-style: none; padding: 0; }
.bin li { display: flex; align-items: center; justify-content: space-between; gap: 12px;
  padding: 6px 0; border-bottom: 1px solid var(--line); }
fieldset { border: 0; padding: 0; margin: 0 0 18px; }
legend { font-weight: 700; padding: 0; margin-bottom: 6px; }
.check { display: flex; align-items: center; gap: 10px; font-weight: 400; font-size: 16px;
  min-height: 36px; }
.check input { width: 18px; height: 18px; accent-color: var(--accent); }
@media (max-width: 620px) {
  .grid { grid-template-columns: minmax(0, 1fr); }
  th, td { padding: 9px 10px; } h1 { font-size: 22px; }
  .find, .find input { width: 100%; }
  thead { position: absolute; clip-path: inset(50%); }
  table, tbody, tr, td { display: block; border: 0; }
  table { background: none; }
  tr { padding: 10px 12px; margin-bottom: 10px; background: var(--card);
    border: 1px solid var(--line); border-radius: 8px; }
  td[data-label] { display: flex; gap: 12px; }
  td[data-label]::before { content: attr(data-label); flex: 0 0 90px; font-weight: 400;
    color: var(--soft); }
  td { padding: 2px 0; } .number { text-align: left; }
}
"""
