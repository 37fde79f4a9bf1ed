/// The style sheet of reports: readable on a laptop, in print and on a dark screen.
enum ReportStyle {
  static let sheet = """
    :root { color-scheme: light dark; --ink: #1b1b1b; --soft: #5c5c5c; --line: #d9d9d9;
      --page: #ffffff; --card: #f6f6f4; --held: #00704f; --nothing: #6b6b6b; --failed: #b3261e; }
    @media screen and (prefers-color-scheme: dark) {
      :root { --ink: #e6e6e6; --soft: #a3a3a3; --line: #3a3a3a; --page: #141414; --card: #1f1f1f;
        --held: #5fd0a5; --nothing: #a3a3a3; --failed: #ff8a80; }
      figure img, svg.ink { filter: invert(0.92) hue-rotate(180deg); }
    }
    * { box-sizing: border-box; }
    body { margin: 0; background: var(--page); color: var(--ink);
      font: 16px/1.5 system-ui, "Segoe UI", Roboto, "Helvetica Neue", Arial, sans-serif; }
    main { max-width: 1180px; margin: 0 auto; padding: 2rem 1.5rem 4rem; }
    h1 { font-size: 1.9rem; line-height: 1.2; margin: 0 0 0.3rem; }
    h2 { font-size: 1.35rem; margin: 2.6rem 0 0.8rem; padding-bottom: 0.25rem;
      border-bottom: 1px solid var(--line); }
    h3 { font-size: 1.1rem; margin: 2rem 0 0.6rem; }
    p { max-width: 52rem; margin: 0.5rem 0; }
    .facts, figcaption, .note, small { color: var(--soft); }
    .card { background: var(--card); border-radius: 8px; padding: 0.6rem 1.1rem; margin: 1.2rem 0; }
    ul.claims { list-style: none; margin: 0; padding: 0; }
    ul.claims li { display: grid; grid-template-columns: 8.5rem 1fr; gap: 0 1rem;
      padding: 0.6rem 0; border-bottom: 1px solid var(--line); break-inside: avoid; }
    ul.claims .detail { grid-column: 2; color: var(--soft); font-size: 0.92rem; }
    .verdict { align-self: start; text-align: center; border: 1.5px solid; border-radius: 999px;
      font-size: 0.85rem; font-weight: 600; padding: 0.05rem 0.6rem; }
    .held { color: var(--held); } .nothing { color: var(--nothing); border-style: dashed; }
    .failed { color: var(--failed); }
    .warning { border-left: 4px solid var(--failed); }
    figure { margin: 1.2rem 0 0.6rem; break-inside: avoid; }
    figure img { width: 100%; height: auto; display: block; }
    .images { display: grid; grid-template-columns: repeat(auto-fill, minmax(150px, 1fr));
      gap: 0.9rem; margin: 0.8rem 0; font-size: 0.88rem; line-height: 1.35; }
    .images img { width: 100%; height: auto; display: block; image-rendering: pixelated;
      margin-bottom: 0.25rem; }
    figcaption { font-size: 0.92rem; max-width: 60rem; margin-top: 0.4rem; }
    .scroll { overflow-x: auto; margin: 0.8rem 0; }
    table { border-collapse: collapse; width: 100%; font-size: 0.88rem;
      font-variant-numeric: tabular-nums; }
    table.narrow { width: auto; min-width: 50%; }
    th, td { padding: 0.32rem 0.55rem; text-align: right; vertical-align: top;
      border-bottom: 1px solid var(--line); white-space: nowrap; }
    thead th { border-bottom: 1.5px solid var(--ink); vertical-align: bottom; }
    th:first-child, th.words, td.words { text-align: left; }
    td.remark { white-space: normal; min-width: 10rem; }
    tbody th { font-weight: 500; }
    td small { display: block; font-size: 0.76rem; line-height: 1.25; }
    caption { text-align: left; color: var(--soft); padding-bottom: 0.3rem; }
    svg.ink { vertical-align: -2px; margin-right: 0.4rem; }
    pre { background: var(--card); border-radius: 8px; padding: 0.8rem 1rem; overflow-x: auto;
      font: 0.82rem/1.45 ui-monospace, "DejaVu Sans Mono", Menlo, Consolas, monospace; }
    dl { display: grid; grid-template-columns: max-content 1fr; gap: 0.2rem 1.2rem; }
    dt { color: var(--soft); } dd { margin: 0; }
    a { color: inherit; }
    @media print {
      @page { margin: 14mm; }
      body { font-size: 10pt; } main { max-width: none; padding: 0; }
      h2, h3 { break-after: avoid; } tr { break-inside: avoid; }
      table { font-size: 7pt; } th, td { padding: 0.15rem 0.2rem; }
      td small { font-size: 6.4pt; }
      pre { white-space: pre-wrap; border: 1px solid var(--line); }
      .scroll { overflow: visible; } nav { display: none; }
    }
    """
}
