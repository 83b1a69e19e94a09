"""Icons as the insides of a 24 x 24 SVG, stroked in the colour of the text around them."""

DRAWINGS = {
    "inbox": (
        '<path d="M3 13.5h5l1.5 2.5h5l1.5-2.5h5M5.6 5h12.8L21 13.5V18a1 1 0 0 1-1 1H4a1 1 0 0 1-1-1v-4.5z"/>'
    ),
    "contacts": (
        '<circle cx="9" cy="8.5" r="3.5"/>'
        '<path d="M2.8 19.5c.5-3.4 3-5.5 6.2-5.5s5.7 2.1 6.2 5.5M16 5.3a3.5 3.5 0 0 1 0 6.4M17.8 14.4'
        'c1.9.8 3.1 2.6 3.4 5.1"/>'
    ),
    "reports": '<path d="M4 20V4M4 20h16M8.5 16v-4M13 16V8M17.5 16v-6"/>',
    "workflows": (
        '<rect x="3" y="4" width="7" height="5" rx="1.5"/>'
        '<rect x="14" y="15" width="7" height="5" rx="1.5"/><path d="M6.5 9v5.5a3 3 0 0 0 3 3H14"/>'
    ),
    "settings": (
        '<path d="M4 7h9M17 7h3M4 17h3M11 17h9"/><circle cx="15" cy="7" r="2"/><circle cx="9" cy="17" r="2"/>'
    ),
    "outbox": '<path d="M20.5 3.5 10 14M20.5 3.5 14 20.5l-4-6.5-6.5-4z"/>',
    "admin": (
        '<path d="M12 3.5 4.5 6v5.5c0 4.5 3 7.5 7.5 9 4.5-1.5 7.5-4.5 7.5-9V6z"/>'
        '<path d="m9 12 2.2 2.2L15.2 10"/>'
    ),
    "logout": '<path d="M14 4.5H6a1 1 0 0 0-1 1v13a1 1 0 0 0 1 1h8M10 12h10M17 8.5l3.5 3.5-3.5 3.5"/>',
    "search": '<circle cx="10.5" cy="10.5" r="6"/><path d="m15 15 5 5"/>',
    "back": '<path d="m14 6-6 6 6 6"/>',
    "forward": '<path d="m10 6 6 6-6 6"/>',
    "check": '<path d="m5 12.5 4.5 4.5L19 7.5"/>',
    "cross": '<path d="m6.5 6.5 11 11M17.5 6.5l-11 11"/>',
    "copy": (
        '<rect x="8.5" y="8.5" width="11" height="11" rx="2"/><path d="M5.5 15.5h-1v-9a2 2 0 0 1 2-2h9v1"/>'
    ),
    "link": (
        '<path d="M10 14a4 4 0 0 0 5.7 0l3-3a4 4 0 0 0-5.7-5.7L12 6.3M14 10a4 4 0 0 0-5.7 0l-3 3A4 4 0 0'
        ' 0 11 18.7l1-1"/>'
    ),
    "flag": '<path d="M6 20.5V4M6 4.5h11l-2.5 4 2.5 4H6"/>',
    "note": '<path d="M5 4.5h14v10l-5 5H5zM14 19.5v-5h5"/>',
    "tag": '<path d="M11.5 4H4.5v7l8.5 8.5 7-7z"/><circle cx="8.3" cy="8" r="1"/>',
    "person": '<circle cx="12" cy="8.5" r="3.8"/><path d="M4.8 20c.7-3.7 3.5-6 7.2-6s6.5 2.3 7.2 6"/>',
    "robot": (
        '<rect x="4.5" y="8" width="15" height="11" rx="3"/>'
        '<path d="M12 4v4M9 12.5v1.5M15 12.5v1.5M2.5 12.5v3M21.5 12.5v3"/>'
    ),
    "info": '<circle cx="12" cy="12" r="8.5"/><path d="M12 11v5M12 8v.1"/>',
    "warning": '<path d="M12 4 2.8 19.5h18.4zM12 10v4.5M12 17v.1"/>',
    "clock": '<circle cx="12" cy="12" r="8.5"/><path d="M12 7.5V12l3 2"/>',
    "plus": '<path d="M12 5v14M5 12h14"/>',
    "trash": '<path d="M4.5 6.5h15M9.5 6.5v-2h5v2M6.5 6.5l1 13h9l1-13"/>',
    "download": '<path d="M12 4v11M7.5 10.5 12 15l4.5-4.5M5 19.5h14"/>',
    "reopen": '<path d="M4.5 12a7.5 7.5 0 1 0 2.4-5.5M4.5 4.5v4h4"/>',
    "heart": '<path d="M12 19.5S4 15 4 9.3A4.3 4.3 0 0 1 12 7a4.3 4.3 0 0 1 8 2.3c0 5.7-8 10.2-8 10.2z"/>',
    "key": '<circle cx="8" cy="15.5" r="4"/><path d="m11 12.5 8.5-8.5M16 7.5l3 3"/>',
    "plug": '<path d="M9 3.5v5M15 3.5v5M6.5 8.5h11v3a5.5 5.5 0 0 1-11 0zM12 17v4"/>',
    "elsewhere": '<path d="M13.5 4.5h6v6M19 5l-8 8M10 5.5H5.5v13h13V14"/>',
    "webhook": '<path d="M8 4.5 3.5 12 8 19.5M16 4.5l4.5 7.5-4.5 7.5M13.5 8l-3 8"/>',
    "eye": (
        '<path d="M2.5 12s3.5-6 9.5-6 9.5 6 9.5 6-3.5 6-9.5 6-9.5-6-9.5-6z"/>'
        '<circle cx="12" cy="12" r="2.5"/>'
    ),
    # the channels that are never surveyed; the others have their own
    "instagram": (
        '<rect x="4" y="4" width="16" height="16" rx="4.5"/><circle cx="12" cy="12" r="3.7"/>'
        '<path d="M16.5 7.5v.1"/>'
    ),
    "messenger": (
        '<path d="M12 4c-4.7 0-8.5 3.3-8.5 7.5 0 2.3 1.2 4.3 3 5.7V20l2.6-1.4c.9.3 1.9.4 2.9.4 4.7 0'
        ' 8.5-3.3 8.5-7.5S16.7 4 12 4z"/><path d="m7.5 13.3 3-3.1 2.5 2 3.5-2.3"/>'
    ),
}
